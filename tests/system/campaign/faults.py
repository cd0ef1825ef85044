"""One function pair a kind of fault: begin and, where it lasts, end. What does not apply now (to kill what is dead) is
left out and says so; `begin` then returns False, and there is no end."""

CLOSE_WORDS = {1000: "terminated", 1001: "going away", 1011: "internal error", 1012: "service restart"}


def begin(stage, fault):
    return BEGIN[fault.kind](stage, fault) is not False


def end(stage, fault):
    if fault.kind in END:
        END[fault.kind](stage, fault)


def _end_daemon(stage, end_it):
    if not stage.daemon_runs():
        return False
    end_it()
    return True


def _start_daemon(stage, _):
    if not stage.daemon_runs():
        stage.start_daemon()


def _kill_broker(stage, wipe):
    if not stage.broker_runs():
        return False
    stage.kill_broker(wipe)
    return True


def _return_broker(stage, _):
    if not stage.broker_runs():
        stage.return_broker()


def _slow(stage, fault):
    stage.to_broker.latency = fault.amount


def _fast(stage, _):
    stage.to_broker.latency = 0.0


def _away(stage, _):
    stage.to_api.refuse()
    stage.to_api.cut()


def _back(stage, _):
    stage.to_api.refuse()  # another one may have been quicker
    stage.to_api.accept()


def _close(stage, fault):
    stage.api.control("close", code=fault.amount, reason=CLOSE_WORDS[fault.amount])


def _step_clock(stage, fault):
    stage.clock.set(fault.amount)


def _right_clock(stage, _):
    stage.clock.set(0)


BEGIN = {
    "daemon_kill": lambda stage, fault: _end_daemon(stage, stage.kill_daemon),
    "daemon_stop": lambda stage, fault: _end_daemon(stage, stage.stop_daemon),
    "broker_kill": lambda stage, fault: _kill_broker(stage, wipe=False),
    "broker_wipe": lambda stage, fault: _kill_broker(stage, wipe=True),
    "broker_cut": lambda stage, fault: stage.to_broker.cut(),
    "broker_reset": lambda stage, fault: stage.to_broker.cut(reset=True),
    "broker_freeze": lambda stage, fault: stage.to_broker.freeze(),
    "broker_stall": lambda stage, fault: stage.stall(stage.to_broker),
    "broker_slow": _slow,
    "api_restart": _away,
    "api_cut": lambda stage, fault: stage.to_api.cut(),
    "api_reset": lambda stage, fault: stage.to_api.cut(reset=True),
    "api_complete": lambda stage, fault: stage.api.control("complete"),
    "api_close": _close,
    "api_refuse": lambda stage, fault: stage.api.control("refuse", status=fault.amount, count=2),
    "api_freeze": lambda stage, fault: stage.to_api.freeze(),
    "api_stall": lambda stage, fault: stage.stall(stage.to_api),
    "duplicate": lambda stage, fault: stage.stream.duplicate(fault.amount, fault.draw),
    "reorder": lambda stage, fault: stage.stream.reorder(fault.amount),
    "cross": lambda stage, fault: stage.stream.cross(),
    "clock_step": _step_clock,
}
END = {
    "daemon_kill": _start_daemon,
    "daemon_stop": _start_daemon,
    "broker_kill": _return_broker,
    "broker_wipe": _return_broker,
    "broker_stall": lambda stage, fault: stage.flow(stage.to_broker),
    "broker_slow": _fast,
    "api_restart": _back,
    "api_stall": lambda stage, fault: stage.flow(stage.to_api),
    "clock_step": _right_clock,
}
