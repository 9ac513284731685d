"""Deep Geology: deep learning for geologists, as QGIS Processing algorithms."""


def classFactory(iface):
    """Make the plugin; QGIS calls this when the plugin is loaded.

    Parameters
    ----------
    iface : QgisInterface or None
        The desktop, or None in ``qgis_process`` and on a server.
    """
    from .plugin.deep_geology import DeepGeology

    return DeepGeology(iface)
