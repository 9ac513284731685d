"""What the plugin adds to the desktop beside its tools: models in the browser, and drops."""

from .dialogs import open_tool
from .model_browser import ModelItemProvider
from .model_drop import ModelDropHandler
from .models import DesktopModels
from .welcome import Welcome

__all__ = ["DesktopModels", "ModelDropHandler", "ModelItemProvider", "Welcome", "open_tool"]
