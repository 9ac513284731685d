"""Map embedding, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm
from .styling import style_components, style_on_load, style_own_classes


class MapEmbedding(JobAlgorithm):
    """Lay images out by what a model sees in them."""

    job_name = "map_embedding"
    title = "Map embedding"
    about = (
        "Lays images, or the patches of a raster, out by what a model sees in them: alike lies near "
        "alike. Groups, odd images and wrong labels show at a glance. The points lie where "
        "the images lie on the map; those without a place lie at their coordinates in the "
        "embedding. Of a raster the first three components can be had as a picture of red, green "
        "and blue: places of one color look alike to the model."
    )
    keywords = ("embedding", "features", "PCA", "t-SNE", "clusters", "similarity", "outlier")
    group_title = "Trust and explanation"
    group_id = "trust"
    example = {
        "INPUT": "survey.tif",
        "MODEL": "rocks.safetensors",
        "OUTPUT": "embedding.gpkg",
        "COMPONENTS": "components.tif",
        "PLOT": "embedding.png",
    }

    def style(self, job_values, results, context):
        style_own_classes(context, results["OUTPUT"], job_values["model"])
        style_on_load(context, results["COMPONENTS"], style_components)
