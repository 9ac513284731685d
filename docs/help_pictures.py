"""Cut the pictures of the tools' help out of those of the docs: help_pictures.py.

Run with the engine's Python, which has Pillow, after `take_pictures.sh`. They go into
``resources/help``, one for each tool that makes something to look at.
"""

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
WIDTH, COLORS = 228, 48

# By picture of the docs: what is cut out (left, upper, right, lower), and the tools that show it.
CUTS = {
    "map_classes": ((410, 250, 950, 600), ("classify_raster",)),
    "classes_and_trust": ((0, 0, 866, 477), ("classify_pixels", "train_pixel_classifier")),
    "map_features": ((410, 140, 950, 490), ("classify_features",)),
    "toolbox": ((415, 140, 941, 468), ("export_training_chips",)),
    "report": ((60, 515, 930, 885), ("train_image_classifier", "classify_images")),
    "report_accuracy": ((80, 500, 510, 895), ("assess_accuracy",)),
    "map_craters": ((0, 74, 772, 458), ("detect_objects", "train_object_detector")),
    "report_catalog": ((60, 550, 880, 935), ("check_catalog",)),
    "map_forecast": (
        (440, 130, 1225, 660),
        ("forecast_seismic_grid", "train_seismic_forecast", "export_csep_forecast"),
    ),
    "map_events": ((400, 138, 1260, 828), ("download_catalog",)),
    "map_counts": ((460, 140, 1080, 800), ("grid_catalog",)),
    "map_series": ((301, 198, 1359, 732), ("forecast_grid", "train_grid_forecast")),
    "map_heat": ((531, 138, 1131, 828), ("explain_classification",)),
    "map_components": ((531, 138, 1148, 828), ("map_embedding",)),
    "map_suggestions": ((531, 138, 1131, 828), ("suggest_labels",)),
    "report_generator": ((60, 660, 640, 935), ("generate_images", "train_image_generator")),
    "report_model": ((60, 160, 940, 620), ("describe_model", "import_model")),
    "report_forecast_test": ((65, 485, 900, 915), ("test_seismic_forecast",)),
    "map_upscaled": ((0, 120, 1324, 729), ("upscale_raster", "train_upscaler")),
    "report_upscaling": ((60, 553, 925, 1065), ("assess_upscaling",)),
}


def main():
    for name, (box, tools) in CUTS.items():
        with Image.open(ROOT / "docs" / "pictures" / f"{name}.png") as opened:
            cut = opened.convert("RGB").crop(box)
        small = cut.resize((WIDTH, round(WIDTH * cut.height / cut.width)), Image.Resampling.LANCZOS)
        few = small.quantize(COLORS, dither=Image.Dither.NONE)
        for tool in tools:
            few.save(ROOT / "resources" / "help" / f"{tool}.png", optimize=True)


if __name__ == "__main__":
    main()
