#!/usr/bin/env bash
# Take pictures of the docs in the QGIS desktop under Xvfb: docs/take_pictures.sh FOLDER [VISIT]
# FOLDER is where the imagined user works; its path is seen in the pictures. VISIT is take_pictures (image
# classification, on the samples), label_pictures (maps from labels), seismic_pictures (seismic grids) or
# upscaling_pictures (GAN upscaling), these on the data beside the project; or language_pictures (in Chinese).
# The engine must be prepared.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mkdir -p "$1" && cd "$1" && pwd)
visit=${2:-take_pictures}
profiles=$(mktemp -d)
trap 'rm -rf "$profiles"' EXIT
mkdir -p "$profiles/plugins" "$profiles/profiles/default/QGIS"
ln -s "$root" "$profiles/plugins/deep_geology"
printf '[PythonPlugins]\ndeep_geology=true\nprocessing=true\n\n[qgis]\ncheckVersion=false\n' \
  > "$profiles/profiles/default/QGIS/QGIS3.ini"
[ "$visit" != language_pictures ] || printf '\n[locale]\noverrideFlag=true\nuserLocale=zh-Hans\n' \
  >> "$profiles/profiles/default/QGIS/QGIS3.ini"
rm -rf "$work/log.txt" "$work/chips" "$work/prairie.safetensors"
export QGIS_PLUGINPATH="$profiles/plugins" PYTHONDONTWRITEBYTECODE=1
export DEEP_GEOLOGY_ROOT="$root" DEEP_GEOLOGY_WORK="$work"
python=${ENGINE_PYTHON:-$(cat "$root/.build/engine_python" 2>/dev/null || true)}
wanted="classes_and_trust dialog_trainpixelclassifier map_craters report_accuracy"
wanted="$wanted dialog_forecastseismicgrid map_forecast report_catalog report_forecast_test"
wanted="$wanted dialog_upscaleraster map_upscaled report_upscaling report_generator chinese report_chinese"
wanted="$wanted map_events map_counts map_series map_heat map_components map_suggestions"
pictures=${DEEP_GEOLOGY_PICTURES:-$root/docs/pictures}
[ "$visit" = take_pictures ] || pictures=${DEEP_GEOLOGY_PICTURES:-$work/pictures}
mkdir -p "$pictures"
export DEEP_GEOLOGY_PICTURES="$pictures"
unset QT_QPA_PLATFORM
status=0
timeout 3000 xvfb-run -a -s "-screen 0 1400x900x24" qgis --nologo --noversioncheck \
  --profiles-path "$profiles" --code "$root/docs/$visit.py" || status=$?
cat "$work/log.txt"
page() { # page REPORT PICTURE HEIGHT
  [ ! -e "$work/$1" ] || chromium --headless --no-sandbox --disable-gpu \
    --disable-background-networking --hide-scrollbars --user-data-dir="$profiles/chromium" \
    --window-size="1000,$3" --screenshot="$DEEP_GEOLOGY_PICTURES/$2.png" "file://$work/$1" 2>/dev/null
}
if command -v chromium >/dev/null; then
  if [ "$visit" = take_pictures ]; then
    page prairie.html report 2400
    page model.html report_model 900
  elif [ "$visit" = seismic_pictures ]; then
    page catalog.html report_catalog 1150
    page test.html report_forecast_test 1250
  elif [ "$visit" = upscaling_pictures ]; then
    page judged.html report_upscaling 1400
    page upscaled.html report_upscaled 1400
    page trained.html report_trained 1400
    page generator.html report_generator 1400
  elif [ "$visit" = language_pictures ]; then
    page events.html report_chinese 1150
  else
    page accuracy.html report_accuracy 1150
  fi
fi
if [ "$pictures" = "$work/pictures" ]; then
  for name in $wanted; do
    [ -e "$pictures/$name.png" ] || continue
    cp "$pictures/$name.png" "$root/docs/pictures/"
    [ -z "$python" ] || "$python" "$root/docs/shrink.py" "$root/docs/pictures/$name.png"
  done
  [ -z "$python" ] || "$python" "$root/docs/help_pictures.py"
fi
exit "$status"
