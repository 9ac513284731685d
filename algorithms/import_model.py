"""Import model, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm


class ImportModel(JobAlgorithm):
    """Bring in a model of another program."""

    job_name = "import_model"
    title = "Import model"
    about = (
        "Makes a model file of weights that another program trained, so that the tools here can use "
        "them: state dicts of torchvision (MobileNetV2, ResNet, VGG-16, EfficientNet-B0, "
        "ConvNeXt-Tiny, DeepLabV3, FCN, LR-ASPP), U-Nets of segmentation-models-pytorch, TorchGeo's "
        "Sentinel-2 ResNets to start a training from, and classifiers in ONNX such as those of the "
        "QGIS plugin Deepness. Files of PyTorch are read without running anything that is in them. "
        "Detectors in ONNX are not read."
    )
    keywords = (
        "PyTorch", "state dict", "pth", "ONNX", "Deepness", "torchvision", "TorchGeo",
        "segmentation models", "smp", "weights", "pretrained", "U-Net", "deep learning",
        "AI", "unet", "Sentinel-2",
    )  # fmt: skip
    group_title = "Engine and models"
    group_id = "engine"
    example = {"INPUT": "unet_resnet34.pth", "CLASS_NAMES": "soil, rock, water",
               "OUTPUT": "unet_resnet34.safetensors"}  # fmt: skip
