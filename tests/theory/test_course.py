import pytest

from theory.course import TIME, Course


@pytest.mark.parametrize(
    ("text", "breaks", "at_9"),
    [
        ("0:1, 10:0.2", (10,), 1),
        ("0:1,3:2/5,8:0.3", (3, 8), 0.3),
        ("Piecewise((1, t < 10), (0.2, True))", (10,), 1),
        ("max(1 - t/10, 1/5)", (8,), 0.2),
        ("abs(t**2 - 4)/7", (2,), 11),
        ("1/(1 + t)", (), 0.1),
    ],
)
def test_steps_and_kinks(text: str, breaks: tuple[float, ...], at_9: float) -> None:
    course = Course(text)
    assert course.breaks == breaks
    assert float(course.expression.subs(TIME, 9)) == pytest.approx(at_9)


def test_stronger_landscape() -> None:
    course = Course("0:1, 10:0.2").scaled(4)
    assert (course.height, course.breaks) == (4, (2.5,))


@pytest.mark.parametrize("text", ["1:1, 2:2", "0:1, 2", "0:1, 0:2", "0:a", "u", "heaviside(sin(t))"])
def test_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        Course(text)
    assert "\n" not in str(caught.value)
