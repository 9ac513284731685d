"""The job that tells what a model file is."""

from dataclasses import dataclass

from .declare import model_file, new_file, result_text


@dataclass(frozen=True)
class DescribeModel:
    """Tell what a model was trained on, what it needs and how well it did."""

    model: str = model_file("Model", help="Any Deep Geology model file.")
    report: str = new_file("Report", "html", help="One HTML page.")
    task: str = result_text("Task", help="What the model is for.")
    classes: str = result_text(
        "Class names, separated by commas",
        help="Of many, the first 30 and the number of the others.",
    )
    bands: str = result_text("Band names, separated by commas")
