#!/usr/bin/env bash
# Take the pictures of the docs in the QGIS desktop under Xvfb: docs/take_pictures.sh FOLDER
# FOLDER is where the imagined user works; its path is seen in the pictures. The engine must be prepared.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mkdir -p "$1" && cd "$1" && pwd)
profiles=$(mktemp -d)
trap 'rm -rf "$profiles"' EXIT
mkdir -p "$profiles/plugins" "$profiles/profiles/default/QGIS"
ln -s "$root" "$profiles/plugins/deep_geology"
printf '[PythonPlugins]\ndeep_geology=true\nprocessing=true\n\n[qgis]\ncheckVersion=false\n' \
  > "$profiles/profiles/default/QGIS/QGIS3.ini"
rm -rf "$work/log.txt" "$work/chips" "$work/prairie.safetensors"
export QGIS_PLUGINPATH="$profiles/plugins" PYTHONDONTWRITEBYTECODE=1
export DEEP_GEOLOGY_ROOT="$root" DEEP_GEOLOGY_WORK="$work"
export DEEP_GEOLOGY_PICTURES="${DEEP_GEOLOGY_PICTURES:-$root/docs/pictures}"
unset QT_QPA_PLATFORM
status=0
timeout 1800 xvfb-run -a -s "-screen 0 1400x900x24" qgis --nologo --noversioncheck \
  --profiles-path "$profiles" --code "$root/docs/take_pictures.py" || status=$?
cat "$work/log.txt"
if command -v chromium >/dev/null; then
  chromium --headless --no-sandbox --disable-gpu --disable-background-networking --hide-scrollbars \
    --user-data-dir="$profiles/chromium" --window-size=1000,2400 \
    --screenshot="$DEEP_GEOLOGY_PICTURES/report.png" "file://$work/prairie.html" 2>/dev/null
fi
exit "$status"
