"""The network that ships: one fitted once more, on everything, if the time limit left it enough."""

_LEAST = 0.5  # of the steps of the networks that were scored


def choose_shipped(refitted, tested, progress):
    """The network that was fitted on everything; a scored one where that learned far less.

    Parameters
    ----------
    refitted : Fit
        With ``steps``, the batches that it learned from.
    tested : list of Tested
        The scored networks, as ``fit``.
    progress : Progress
        Is warned.

    Returns
    -------
    Fit
    """
    usual = min(one.fit.steps for one in tested)
    if refitted.steps >= _LEAST * usual:
        return refitted
    progress.warning(
        f"The time limit left {refitted.steps:,} steps for the training on everything, where the scored "
        f"network had {usual:,}: the scored network is the model. Give more MINUTES for one that "
        "learns from everything."
    )
    return tested[0].fit


def tell_shipped(plan, tested, shipped):
    """How the scored networks and the one that ships came about, for the report and the card.

    Parameters
    ----------
    plan : Plan
        With ``sentence`` on the split, and whether to ``refit``.
    tested : list of Tested
    shipped : Fit
    """
    said = [plan.sentence]
    if plan.refit and shipped is not tested[0].fit:
        said.append("The model itself was then fitted on everything.")
    elif plan.refit:
        said.append(
            "The model is the first of the scored networks: the time limit left too little to fit one "
            "on everything."
        )
    return " ".join(said)
