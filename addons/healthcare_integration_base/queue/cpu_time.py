"""How much processor time one task may use."""

from __future__ import annotations

import resource

TASK_CPU_SECONDS = 3600


def allow_cpu_time(seconds: int = TASK_CPU_SECONDS) -> None:
    """Let this process use that much more processor time, where a limit is set at all.

    Odoo limits each pass of a cron worker (``limit_time_cpu``, a minute by default) and ends the process in
    mid-transaction when it is over: a bound for requests, not for the posting of thousands of claims. The
    worker sets its limit anew before its next pass.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if soft == resource.RLIM_INFINITY:
        return
    usage = resource.getrusage(resource.RUSAGE_SELF)
    wanted = int(usage.ru_utime + usage.ru_stime) + seconds
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if allowed > soft:
        resource.setrlimit(resource.RLIMIT_CPU, (allowed, hard))
