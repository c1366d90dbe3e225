"""The processes, their connections to the database, and their jobs."""

from parts import LOW_IS_BAD, chosen, count, dashboard, graph, quantile, rate, row, stat, steps

# process_… are names of every program; oc_build_info tells which are ours.
OURS = f"and on (namespace, job, instance) {chosen('oc_build_info')}"
USED = f"{chosen('oc_db_connections_in_use')} / {chosen('oc_db_connections_max')}"


def ours(metric, function="{}"):
    return f"{function.format(chosen(metric))} {OURS}"


def build():
    return dashboard("process", "Process and database", "Processor, memory, files, connections, and what is done in the background.", [
        row("Now",
            stat("Database, worst", "0: some process can not use its database.", f"min({chosen('oc_db_up')})", thresholds=LOW_IS_BAD, width=4),
            stat("Fullest pool", "Share of its connections that work at this moment.", f"max({USED})", "percentunit", steps(0.8, 0.95), width=4),
            stat("Waiting for one", "Work that waits for a connection, in all processes.", f"sum({chosen('oc_db_jobs_waiting')})", thresholds=steps(10, 100), width=4),
            stat("Memory, largest", "Of one process.", f"max({ours('process_resident_memory_bytes')})", "bytes", steps(268435456, 536870912), width=4),
            stat("Files used", "Of what the system lets the process open.", f"max({chosen('process_open_fds')} / {chosen('process_max_fds')} {OURS})", "percentunit", steps(0.7, 0.9), width=4),
            stat("Starts, 1 h", "Of processes that were seen before.", f"sum({ours('process_start_time_seconds', 'changes({}[1h])')})", thresholds=steps(1, 3), width=4)),
        row("Processes",
            graph("Processor", "Cores in use.", [(ours("process_cpu_seconds_total", "rate({}[$__rate_interval])"), "{{job}} {{instance}}")], "cores", 6),
            graph("Memory", "A role takes some 25 MB at rest.", [(ours("process_resident_memory_bytes"), "{{job}} {{instance}}")], "bytes", 6),
            graph("Files and connections", "Open ones.", [(ours("process_open_fds"), "{{job}} {{instance}}")], width=6),
            graph("Threads", "", [(ours("process_threads"), "{{job}} {{instance}}")], width=6)),
        row("Database",
            graph("Database usable", "1: yes.", [(chosen("oc_db_up"), "{{job}} {{instance}}")], width=6),
            graph("Connections used", "Share of each pool: tenants are requests, everybody is jobs, deliveries and codes.", [(USED, "{{job}} {{instance}} {{pool}}")], "percentunit", 6, steps(0.9)),
            graph("Work waiting", "For a connection.", [(f"sum by (job, pool) ({chosen('oc_db_jobs_waiting')})", "{{job}} {{pool}}")], width=6),
            graph("Wait for a connection", "99 of a hundred times it is shorter.", [(quantile(0.99, "oc_db_wait_seconds", "job, pool"), "{{job}} {{pool}}")], "s", 6, steps(1), traces=True),
            graph("Refused for want of a connection", "Answered 503.", [(count("oc_db_timeouts_total", "job, pool"), "{{job}} {{pool}}")], width=12),
            graph("Failures of the database", "Not reached, or broken.", [(count("oc_db_errors_total", "job, pool"), "{{job}} {{pool}}")], width=12)),
        row("Jobs",
            graph("Rounds", "That ended well. Prometheus calls the label of the job task.", [(count("oc_job_runs_total", "job, task", window="5m", outcome="done"), "{{job}} {{task}}")], width=12),
            graph("Rounds that failed", "", [(count("oc_job_runs_total", "job, task", window="5m", outcome="failed"), "{{job}} {{task}}")], width=12)),
    ])
