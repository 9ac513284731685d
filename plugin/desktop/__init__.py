"""What the plugin adds to the desktop beside its tools: models, drops, what explains errors."""

from .dialogs import open_tool
from .explaining import Explainer
from .model_browser import ModelItemProvider
from .model_drop import ModelDropHandler
from .models import DesktopModels
from .welcome import Welcome

__all__ = [
    "DesktopModels",
    "Explainer",
    "ModelDropHandler",
    "ModelItemProvider",
    "Welcome",
    "open_tool",
]
