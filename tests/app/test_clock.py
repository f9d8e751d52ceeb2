"""Wall time that never goes back, and jumps that are told once."""

from dataclasses import dataclass, field

from watcher.app.clock import Jump, SetClock, SteadyClock, SystemClock, wall

HOUR = 3600 * 1_000_000


@dataclass
class Machine:
    """A wall clock and a monotonic one, moved by hand."""

    wall: int = 1_000_000 * HOUR
    seconds: float = 50.0
    jumps: list[float] = field(default_factory=list)

    def clock(self) -> SteadyClock:
        def told(jump):
            self.jumps.append(jump.seconds)

        return SteadyClock(told, wall_clock=lambda: self.wall, monotonic_clock=lambda: self.seconds)

    def pass_time(self, seconds, *, jump_s=0.0):
        self.seconds += seconds
        self.wall += round((seconds + jump_s) * 1_000_000)


def test_it_follows_the_wall_clock_while_both_agree():
    machine = Machine()
    clock = machine.clock()
    machine.pass_time(10, jump_s=2.0)
    assert clock.now() == machine.wall
    assert clock.monotonic() == 60.0
    assert machine.jumps == []


def test_a_small_step_back_is_waited_out():
    machine = Machine()
    clock = machine.clock()
    before = clock.now()
    machine.pass_time(0.1, jump_s=-2.0)
    assert clock.now() == before
    assert machine.jumps == []


def test_d04_back_an_hour_goes_on_by_monotonic_time_and_is_told_once():
    machine = Machine()
    clock = machine.clock()
    start = clock.now()
    machine.pass_time(10, jump_s=-3600)
    assert clock.now() == start + 10 * 1_000_000
    machine.pass_time(60)
    assert clock.now() == start + 70 * 1_000_000
    assert machine.jumps == [-3600.0]


def test_d04_back_to_1970_goes_on_too():
    machine = Machine()
    clock = machine.clock()
    start = clock.now()
    machine.seconds += 5
    machine.wall = 0
    assert clock.now() == start + 5 * 1_000_000
    assert len(machine.jumps) == 1


def test_d04_forward_an_hour_is_taken_as_it_is():
    machine = Machine()
    clock = machine.clock()
    machine.pass_time(10, jump_s=3600)
    assert clock.now() == machine.wall
    assert machine.jumps == [3600.0]


def test_d04_a_correction_pays_back_what_a_wrong_clock_took():
    machine = Machine()
    clock = machine.clock()
    start = clock.now()
    machine.pass_time(10, jump_s=-3600)
    clock.now()
    machine.pass_time(10, jump_s=3600)
    assert clock.now() == start + 20 * 1_000_000 == machine.wall
    assert machine.jumps == [-3600.0, 3600.0]


def test_jumps_read_well():
    assert str(Jump(3600.4, 0)) == "the wall clock went forward by 3600 s"
    assert str(Jump(-60.0, 0)) == "the wall clock went back by 60 s"


def test_a_clock_that_is_set():
    clock = SetClock(5 * HOUR)
    clock.move(3600)
    assert (clock.now(), clock.monotonic()) == (6 * HOUR, 3600.0)
    clock.set(HOUR)
    assert (clock.now(), clock.monotonic()) == (HOUR, 3600.0)


def test_the_machines_own_clocks():
    clock = SystemClock()
    assert abs(clock.now() - wall()) < 60 * 1_000_000
    assert clock.monotonic() <= clock.monotonic()
