"""Make the ready-made models with QGIS's own writer; run by `make models`, in QGIS 3.22.

QGIS reads the models of older versions, not those of newer ones: therefore the oldest writes them.
"""

from building import start

if __name__ == "__main__":
    application, plugin = start()
    import maps
    import seismic
    import upscaling

    for pillar in (maps, seismic, upscaling):
        for make in pillar.MODELS:
            make()
    plugin.unload()
