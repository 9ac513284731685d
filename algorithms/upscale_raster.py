"""Upscale raster, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm
from .styling import style_heat, style_on_load


class UpscaleRaster(JobAlgorithm):
    """Make a raster finer."""

    job_name = "upscale_raster"
    title = "Upscale raster"
    about = (
        "Makes a raster 2, 4 or 8 times finer, or sharper at the same size. A generator adds what "
        "interpolation lacks, and the result is then held to the measurements: made coarse again, "
        "as the sensor would, it is the input again. Without texture (0) the result is the most "
        "faithful one, for elevation and other measurements; with texture (up to 1) images look "
        "natural, but the texture is plausible and not measured: ask for the raster of synthesized "
        "detail to see where. The upscaler that comes with the plugin takes each band by itself, "
        "so any raster will do: images, multispectral scenes, elevation, geophysical grids. Pixels "
        "without data stay empty, the corners stay where they are, and no window shows."
    )
    keywords = (
        "super-resolution", "super resolution", "GAN", "sharpen", "resample",
        "deep learning", "AI", "enhance", "deblur", "denoise", "pansharpening",
        "resolution", "superresolution", "DEM", "Sentinel-2",
    )  # fmt: skip
    group_title = "GAN upscaling"
    group_id = "upscaling"
    example = {
        "INPUT": "scene.tif",
        "FACTOR": "4",
        "OUTPUT": "scene_x4.tif",
        "REPORT": "scene_x4.html",
    }

    def prepareAlgorithm(self, parameters, context, feedback):
        self._renderer = None
        layer = self.parameterAsRasterLayer(parameters, "INPUT", context)
        if layer is not None and layer.renderer() is not None and not parameters.get("BANDS"):
            self._renderer = layer.renderer().clone()
        return super().prepareAlgorithm(parameters, context, feedback)

    def style(self, job_values, results, context):
        renderer, self._renderer = self._renderer, None
        if renderer is not None:
            style_on_load(context, results["OUTPUT"], lambda layer: _wear(layer, renderer))
        style_on_load(context, results["SYNTHESIZED_DETAIL"], style_heat)


def _wear(layer, renderer):
    """Let a layer look like the one that it was made of."""
    if renderer.alphaBand() > 0:
        renderer.setAlphaBand(-1)  # alpha is in the result's mask
    if all(0 < band <= layer.bandCount() for band in renderer.usesBands()):
        layer.setRenderer(renderer)
