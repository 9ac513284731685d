"""Take pictures of the toolbox, of a dialog and of a report in Simplified Chinese.

docs/take_pictures.sh .build/pictures language_pictures; needs a font with Chinese letters, such as
Debian's fonts-wqy-zenhei.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.environ["DEEP_GEOLOGY_ROOT"], "docs"))

from qgis.PyQt.QtGui import QColor, QPainter, QPixmap
from qgis.PyQt.QtWidgets import QApplication, QDockWidget, QTreeView

from desktop import ROOT, WORK, keep, main_window, open_dialog, run_dialog, shoot, visit

GROUPS = 4  # shown unfolded


def steps():
    window = main_window()
    yield 2
    toolbox = window.findChild(QDockWidget, "ProcessingToolbox")
    toolbox.setFloating(True)
    toolbox.resize(430, 680)
    toolbox.show()
    unfold(toolbox.findChild(QTreeView))
    yield 2
    left = toolbox.grab()
    dialog = open_dialog("trainpixelclassifier", {})
    yield 3
    QApplication.processEvents()
    beside(left, dialog.grab(), "chinese")
    shoot(dialog, "chinese_dialog")
    dialog.close()
    catalog = ROOT / "resources" / "samples" / "japan" / "earthquakes.csv"
    asked = {"CATALOG": str(catalog), "OUTPUT": str(WORK / "events.gpkg")}
    yield from run_dialog("checkcatalog", {**asked, "REPORT": str(WORK / "events.html")})


def unfold(tree):
    """Unfold our provider and its first groups."""
    model = tree.model()
    for row in range(model.rowCount()):
        provider = model.index(row, 0)
        if "Deep Geology" in str(provider.data()):
            tree.expand(provider)
            for group in range(GROUPS):
                tree.expand(model.index(group, 0, provider))
            tree.scrollTo(provider, QTreeView.ScrollHint.PositionAtTop)


def beside(left, right, name):
    picture = QPixmap(left.width() + 12 + right.width(), max(left.height(), right.height()))
    picture.fill(QColor("white"))
    painter = QPainter(picture)
    painter.drawPixmap(0, 0, left)
    painter.drawPixmap(left.width() + 12, 0, right)
    painter.end()
    keep(picture, name)


visit(steps)
