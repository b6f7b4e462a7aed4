"""Pieces of work side by side: in their order, and none goes on when one fails."""

import time

import pytest

from emissions.engine.reading import Team, connect


@pytest.fixture
def team(tmp_path):
    with connect(tmp_path, threads=2, memory_limit="256MiB") as connection:
        yield Team(connection, 2)


def _threads(team):
    return team.connection.execute("SELECT current_setting('threads')").fetchall()[0][0]


def test_team__pieces_that_take_different_times__come_in_their_order(team):
    team.connection.execute("CREATE TABLE seen AS SELECT 7 AS number")

    def piece(number):
        def run(cursor):
            time.sleep(0.05 if number == 0 else 0)
            return number * cursor.execute("SELECT number FROM seen").fetchall()[0][0]

        return run

    assert list(team.each([piece(number) for number in range(5)])) == [0, 7, 14, 21, 28]
    assert _threads(team) == 2


def test_team__single_piece__has_all_the_cores(team):
    assert list(team.each([lambda cursor: cursor.execute("SELECT current_setting('threads')").fetchall()])) == [[(2,)]]


def test_team__piece_that_fails__stops_the_others_and_is_raised(team):
    def fails(cursor):
        raise ValueError("broken")

    def long(cursor):
        return cursor.execute("SELECT count(*) FROM range(1000000) a, range(1000000) b").fetchall()

    started = time.monotonic()
    with pytest.raises(ValueError, match="broken"):
        list(team.each([fails, long, long, long]))
    assert time.monotonic() - started < 30
    assert _threads(team) == 2
