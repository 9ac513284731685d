"""Export to ONNX, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm


class ExportOnnx(JobAlgorithm):
    """Export a model for other programs."""

    job_name = "export_onnx"
    title = "Export model to ONNX"
    about = (
        "Writes a pixel or image classifier as an ONNX file with the metadata that the QGIS plugin "
        "Deepness reads: class names, resolution, tile size and overlap. The file holds the "
        "normalization and the calibration too: it takes values divided by 255, as Deepness gives "
        "them, and returns probabilities. Object detectors and other models stay in their own "
        "form."
    )
    keywords = ("ONNX", "Deepness", "export", "interchange", "onnxruntime")
    group_title = "Engine and models"
    group_id = "engine"
    example = {"MODEL": "geology.safetensors", "OUTPUT": "geology.onnx"}
