"""The engine: everything that needs torch, in a process and a Python of its own."""

import os

# A file may be from a stranger, and must not call anybody: GDAL's drivers that fetch from the web
# on a file's word are left out. This counts before a library registers the drivers.
os.environ["GDAL_SKIP"] = "HTTP WMS WMTS WCS DAAS EEDA EEDAI PLMOSAIC STACIT STACTA OGCAPI"
