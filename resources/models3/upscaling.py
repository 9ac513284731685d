"""The ready-made models of GAN upscaling."""

from building import (
    Model,
    ask_factor,
    ask_labels,
    ask_raster,
    ask_rasters,
    ask_time,
    sources,
)

_INFERRED = "Detail that was not measured is inferred."


def finer_raster():
    asked, made = sources()
    model = Model(
        "Finer raster and its quality",
        "Makes a raster finer with the upscaler that comes with the plugin, and judges it where a "
        f"fine raster is known, beside interpolation. {_INFERRED}",
    )
    ask_raster(model, "coarse", "Coarse raster", "The raster that is made finer.")
    ask_raster(
        model, "reference", "Fine reference",
        "A raster of the same bands with the finer pixels, of the same ground or a part of it.",
    )  # fmt: skip
    ask_factor(model)
    finer = {"INPUT": asked("coarse"), "FACTOR": asked("factor")}
    model.step("upscale", "deepgeology:upscaleraster", finer, [
        ("OUTPUT", "finer", "The finer raster."),
        ("SYNTHESIZED_DETAIL", "synthesized", "How much of each pixel was invented."),
    ], "Upscale raster")  # fmt: skip
    judging = {
        "REFERENCE": asked("reference"), "UPSCALED": made("upscale", "OUTPUT"),
        "FACTOR": asked("factor"),
    }  # fmt: skip
    model.step("assess", "deepgeology:assessupscaling", judging, [
        ("REPORT", "quality_report", "How much of the detail is right, missing or invented."),
    ], "Assess upscaling")  # fmt: skip
    model.write("finer_raster.model3")


def own_upscaler():
    asked, made = sources()
    model = Model(
        "Upscaler of your own",
        "Trains an upscaler on fine rasters of your own kind, judges it on another one, and makes "
        f"a coarse raster finer with it. {_INFERRED}",
    )
    ask_rasters(model, "fine", "Fine rasters", "What it learns from.")
    ask_raster(model, "reference", "Fine raster kept apart", "What it is judged on.")
    ask_raster(model, "coarse", "Coarse raster", "The raster that is made finer.")
    ask_factor(model, ("2", "4"))
    ask_time(model, 20, 0.1)
    training = {
        "FINE": asked("fine"), "FACTOR": asked("factor"), "MINUTES": asked("minutes"),
    }  # fmt: skip
    model.step("train", "deepgeology:trainupscaler", training, [
        ("MODEL", "model", "The trained model."),
        ("REPORT", "training_report", "Scores of the training, from ground kept apart."),
    ], "Train upscaler")  # fmt: skip
    judging = {
        "REFERENCE": asked("reference"), "MODEL": made("train", "MODEL"),
        "FACTOR": asked("factor"),
    }  # fmt: skip
    model.step("assess", "deepgeology:assessupscaling", judging, [
        ("REPORT", "quality_report", "How well it does on the raster kept apart."),
    ], "Assess upscaling")  # fmt: skip
    finer = {
        "INPUT": asked("coarse"), "MODEL": made("train", "MODEL"), "FACTOR": asked("factor"),
    }  # fmt: skip
    model.step("upscale", "deepgeology:upscaleraster", finer, [
        ("OUTPUT", "finer", "The finer raster."),
    ], "Upscale raster")  # fmt: skip
    model.write("own_upscaler.model3")


def finer_map():
    asked, made = sources()
    model = Model(
        "Map at finer pixels",
        "Makes imagery finer without invented texture, learns classes from labels drawn at that "
        "size, and maps every fine pixel. The scores say whether it helped: compare them with "
        f"Land cover from imagery. {_INFERRED}",
    )
    ask_raster(model, "imagery", "Imagery", "The raster that is made finer and classified.")
    ask_labels(model, "labels", "Labels", "Polygons, lines or points that say what is there.")
    ask_factor(model, default="2")
    ask_time(model)
    finer = {"INPUT": asked("imagery"), "FACTOR": asked("factor"), "DETAIL": 0}
    model.step("upscale", "deepgeology:upscaleraster", finer, [
        ("OUTPUT", "finer", "The finer imagery."),
    ], "Upscale raster")  # fmt: skip
    training = {
        "RASTERS": [made("upscale", "OUTPUT")], "LABELS": asked("labels"),
        "CLASS_FIELD": asked("labels_field"), "NETWORK": "pixel_mlp", "MINUTES": asked("minutes"),
    }  # fmt: skip
    model.step("train", "deepgeology:trainpixelclassifier", training, [
        ("MODEL", "model", "The trained model."),
        ("REPORT", "training_report", "Scores of the training, from ground kept apart."),
    ], "Train pixel classifier")  # fmt: skip
    mapping = {"RASTERS": [made("upscale", "OUTPUT")], "MODEL": made("train", "MODEL")}
    model.step("classify", "deepgeology:classifypixels", mapping, [
        ("OUTPUT", "classes", "A class for every fine pixel."),
        ("TRUST", "trust", "How unlike the ground of the labels each pixel is."),
    ], "Classify pixels")  # fmt: skip
    model.write("finer_map.model3")


MODELS = (finer_raster, own_upscaler, finer_map)
