"""Scores of pixel classification on real data, beside the plain methods, with default settings.

Run with the engine's Python from the repository: ``python test/benchmarks/real_maps.py zion
landslides prairie``. The data lie in ``../shared/data/rasters``.

- zion: land cover (NLCD) from elevation and what is derived from it; spatial blocks.
- landslides: susceptibility from terrain; spatial blocks.
- prairie: trained on polygons digitized on the aerial image of 2018, judged with polygons that were
  digitized on the image of 2014, before any map of it was made.
"""

import csv
import json
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np
import rasterio
from rasterio.features import rasterize
from rasterio.warp import transform_geom
from scipy.ndimage import uniform_filter
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, f1_score

from plugin.engine import work
from plugin.engine.progress import Progress
from plugin.jobs.model_card import read_card

DATA = ROOT.parent / "shared" / "data" / "rasters"
COVERS = {1: "Water", 2: "Developed", 3: "Barren", 4: "Forest", 5: "Shrubland", 6: "Herbaceous",
          7: "Cultivated", 8: "Wetlands"}  # fmt: skip
SQUARE, MARGIN, PER_CLASS, LEAST, PURE = 7, 20, 150, 8, 0.9


def main(wanted, wishes):
    with tempfile.TemporaryDirectory() as folder:
        for name in wanted:
            globals()[name](Path(folder), wishes)


def zion(folder, wishes):
    rasters = [str(DATA / "srtm.tif"), derive(folder)]
    labels = cover_squares(folder)
    for network in ("unet_mobilenet_v2", "pixel_mlp"):
        train(folder, f"zion, {network}", rasters, labels, "cover", {"network": network, **wishes})


def landslides(folder, wishes):
    labels = landslide_points(folder)
    for network in ("unet_mobilenet_v2", "pixel_mlp"):
        values = {"network": network, **wishes}
        train(folder, f"landslides, {network}", [str(DATA / "ta.tif")], labels, "kind", values)


def prairie(folder, wishes):
    sample = ROOT / "resources" / "samples" / "prairie"
    image, labels = str(sample / "image.tif"), str(sample / "labels.geojson")
    model = train(folder, "prairie 2018", [image], labels, "class", wishes)
    later, answers = str(DATA / "naip_2014.tif"), Path(__file__).with_name("prairie_2014.geojson")
    made = str(folder / "map.tif")
    work.do("classify_pixels", {"rasters": [later], "model": model, "output": made}, told())
    with rasterio.open(made) as raster:
        found, grid = raster.read(1), raster
        truth = burnt(answers, "class", grid, names(model))
    judged = truth > 0
    say("prairie 2014, network", truth[judged], found[judged])
    forest = plain_forest(image, labels, names(model))
    with rasterio.open(later) as raster:
        values = raster.read().reshape(raster.count, -1).T[judged.ravel()]
    say("prairie 2014, random forest", truth[judged], forest.predict(values))


def train(folder, title, rasters, labels, field, wishes):
    """Train with the default settings and say the scores; gives the model's path."""
    model, start = str(folder / "model.safetensors"), time.monotonic()
    values = {"rasters": rasters, "labels": labels, "class_field": field, "model": model,
              "report": str(folder / "report.html"), **wishes}  # fmt: skip
    outputs = work.do("train_pixel_classifier", values, told())
    minutes = (time.monotonic() - start) / 60
    scores = {k: round(v, 3) for k, v in outputs.items() if isinstance(v, float)}
    print(f"{title}: {scores} in {minutes:.1f} min", flush=True)
    print("   beside it:", json.dumps(read_card(model).scores.get("baselines")), flush=True)
    return model


def told():
    def listen(kind, **words):
        if kind in ("note", "warning"):
            print("  ", words["text"], flush=True)

    return Progress(listen)


def derive(folder):
    """Slope, curvature, roughness, position and aspect of the elevation."""
    with rasterio.open(DATA / "srtm.tif") as raster:
        height, profile = raster.read(1).astype(np.float32), raster.profile
        across, down = raster.transform.a, -raster.transform.e
    height[height == 65535] = np.nan
    meters = 111_132.0
    down, across = down * meters, across * meters * np.cos(np.radians(37.3))
    north, east = np.gradient(height, down, across)
    steep = np.hypot(north, east)
    bands = {
        "slope": np.degrees(np.arctan(steep)),
        "curvature": np.gradient(north, down, across)[0] + np.gradient(east, down, across)[1],
        "roughness": np.sqrt(np.maximum(uniform_filter(height**2, 5)
                                        - uniform_filter(height, 5) ** 2, 0)),
        "position": height - uniform_filter(height, 31),
        "northness": north / np.maximum(steep, 1e-6),
        "eastness": -east / np.maximum(steep, 1e-6),
    }  # fmt: skip
    profile.update(dtype="float32", nodata=np.nan, count=len(bands))
    path = str(folder / "derived.tif")
    with rasterio.open(path, "w", **profile) as raster:
        for number, (name, values) in enumerate(bands.items(), 1):
            raster.write(values.astype(np.float32), number)
            raster.set_band_description(number, name)
    return path


def cover_squares(folder):
    """Squares where nearly all of NLCD is of one class, up to PER_CLASS of each."""
    with rasterio.open(DATA / "nlcd.tif") as raster:
        cover, place = raster.read(1), raster.transform
    counts, used, found = dict.fromkeys(COVERS, 0), np.zeros(cover.shape, bool), []
    for start in np.random.default_rng(0).permutation(cover.size):
        row, column = divmod(int(start), cover.shape[1])
        if not all(MARGIN <= at <= size - SQUARE - MARGIN
                   for at, size in zip((row, column), cover.shape, strict=True)):  # fmt: skip
            continue
        inside = slice(row, row + SQUARE), slice(column, column + SQUARE)
        kind = int(cover[inside][SQUARE // 2, SQUARE // 2])
        if counts.get(kind, PER_CLASS) >= PER_CLASS or used[inside].any():
            continue
        if (cover[inside] == kind).mean() >= PURE:
            used[inside], counts[kind] = True, counts[kind] + 1
            corners = [(0, 0), (SQUARE, 0), (SQUARE, SQUARE), (0, SQUARE), (0, 0)]
            ring = [place * (column + right, row + under) for right, under in corners]
            found.append((COVERS[kind], {"type": "Polygon", "coordinates": [ring]}))
    enough = {COVERS[kind] for kind, count in counts.items() if count >= LEAST}
    return write(folder / "covers.geojson", 26912, "cover",
                 [one for one in found if one[0] in enough])  # fmt: skip


def landslide_points(folder):
    with open(DATA / "landslide_points.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    points = [
        ("landslide" if row["lslpts"].upper() == "TRUE" else "other",
         {"type": "Point", "coordinates": [float(row["x"]), float(row["y"])]})
        for row in rows
    ]  # fmt: skip
    return write(folder / "points.geojson", 32717, "kind", points)


def write(path, epsg, field, found):
    features = [
        {"type": "Feature", "properties": {field: name}, "geometry": geometry}
        for name, geometry in found
    ]
    crs = {"type": "name", "properties": {"name": f"EPSG:{epsg}"}}
    layer = {"type": "FeatureCollection", "crs": crs, "features": features}
    path.write_text(json.dumps(layer), encoding="utf-8")
    return str(path)


def names(model):
    return {entry["name"]: entry["value"] for entry in read_card(model).classes}


def burnt(path, field, raster, values):
    """The classes of polygons as pixels of a raster; 0 elsewhere."""
    layer = json.loads(Path(path).read_text(encoding="utf-8"))
    source = layer.get("crs", {}).get("properties", {}).get("name", "EPSG:4326")
    shapes = [
        (transform_geom(source, raster.crs, one["geometry"]), values[one["properties"][field]])
        for one in layer["features"]
    ]
    return rasterize(shapes, raster.shape, transform=raster.transform, dtype="uint8")


def plain_forest(image, labels, values):
    """A random forest on all labeled pixels."""
    with rasterio.open(image) as raster:
        pixels, truth = raster.read(), burnt(labels, "class", raster, values)
    known = truth > 0
    forest = RandomForestClassifier(300, random_state=0, class_weight="balanced_subsample")
    return forest.fit(pixels[:, known].T, truth[known])


def say(title, truth, found):
    accuracy = accuracy_score(truth, found)
    score = f1_score(truth, found, average="macro")
    print(f"{title}: accuracy {accuracy:.3f}, macro F1 {score:.3f} of {len(truth):,} pixels")


if __name__ == "__main__":
    asked = [word for word in sys.argv[1:] if "=" not in word]
    wishes = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
    main(asked or ["zion", "landslides", "prairie"],
         {key: json.loads(value) for key, value in wishes.items()})  # fmt: skip
