"""Colors of classes mean what maps mean by them, and are never the same."""

from plugin.jobs.colors import class_colors


def test_water_is_blue_and_forest_is_green():
    for names in (["Forest", "SeaLake"], ["trees", "open water"], ["forest_old", "lake-2"]):
        forest, water = class_colors(names)
        assert int(forest[3:5], 16) > int(forest[5:7], 16)
        assert int(water[5:7], 16) > int(water[1:3], 16)


def test_land_covers_look_like_land_covers():
    barren, developed, shrubs = class_colors(["Barren", "Developed", "Shrubland"])
    red, green, blue = (int(barren[i : i + 2], 16) for i in (1, 3, 5))
    assert red > green > blue > 128
    assert int(developed[1:3], 16) > 2 * int(developed[3:5], 16)
    assert int(shrubs[5:7], 16) < int(shrubs[3:5], 16)


def test_words_are_matched_whole():
    assert class_colors(["price"]) != class_colors(["ice"])
    assert class_colors(["season"]) != class_colors(["sea"])


def test_two_classes_of_one_word_still_differ():
    assert len(set(class_colors(["river A", "river B", "stream"]))) == 3


def test_hundreds_of_classes_all_differ():
    assert len(set(class_colors([f"unit {i}" for i in range(400)]))) == 400


def test_a_color_does_not_depend_on_other_unknown_classes_before_it_only_on_order():
    assert class_colors(["x", "y"])[0] == class_colors(["x", "z", "w"])[0]
