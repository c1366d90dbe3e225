"""Do both roles do what they are for? What to open first."""

from parts import LOW_IS_BAD, NO_PROBES, CHOSEN, chosen, count, dashboard, graph, quantile, quantiles, rate, row, stat, steps, table

ERRORS = f"({rate('oc_http_requests_total', 'job', NO_PROBES, status='~5..')} or 0 * {rate('oc_http_requests_total', 'job', NO_PROBES)})"
RATIO = f"{ERRORS} / ({rate('oc_http_requests_total', 'job', NO_PROBES)} > 0)"
BREAKERS = chosen("oc_outbox_breakers", 'destination="client",state=~"open|half_open"')
REACHED = [{"type": "value", "options": {"0": {"text": "reached"}}}]


def build():
    return dashboard("overview", "Overview", "Requests, errors, time and load of both roles, and what people do with them.", [
        row("Now",
            stat("Processes", "Processes that Prometheus sees.", f"count by (job) ({chosen('oc_build_info')})", thresholds=LOW_IS_BAD, legend="{{job}}", width=6),
            stat("Database", "1: some process of the role can use its database.", f"max by (job) ({chosen('oc_db_up')})", thresholds=LOW_IS_BAD, legend="{{job}}", width=6),
            stat("Errors, 5 min", "Share of requests that were answered 5xx, at the role where it is largest.", f"max({RATIO})".replace("$__rate_interval", "5m"), "percentunit", steps(0.001, 0.0144)),
            stat("p99, 5 min", "One of a hundred requests takes longer.", quantile(0.99, "oc_http_request_duration_seconds", more=NO_PROBES).replace("$__rate_interval", "5m"), "s", steps(1, 2.5)),
            stat("Client role", "Processes that give the client role a rest.", f"sum({BREAKERS})", thresholds=steps(1), mappings=REACHED),
            stat("Failed messages", "They wait for somebody: oc outbox list --state failed.", f"sum(max by (namespace, job, destination) ({chosen('oc_outbox_messages', state='failed')}))", thresholds=steps(1))),
        row("Requests",
            graph("Requests", "Without health checks.", [(rate("oc_http_requests_total", "job", NO_PROBES), "{{job}}")], "reqps", 6),
            graph("Errors", "Share of requests answered 5xx; the line is where the budget of 30 days is gone in two.", [(RATIO, "{{job}}")], "percentunit", 6, steps(0.0144)),
            graph("Time to answer", "Of both roles; points lead to traces, where there are any.", quantiles("oc_http_request_duration_seconds", NO_PROBES), "s", 6, steps(2.5), traces=True),
            graph("In flight", "Requests that are being answered.", [(f"sum by (job) ({chosen('oc_http_requests_in_flight')})", "{{job}}")], width=6)),
        row("By route",
            graph("Busiest routes", "", [(f"topk(10, {rate('oc_http_requests_total', 'job, method, route', NO_PROBES)})", "{{job}} {{method}} {{route}}")], "reqps", 12),
            graph("Slowest routes", "95 of a hundred requests are faster.", [(f"topk(10, {quantile(0.95, 'oc_http_request_duration_seconds', 'job, method, route', NO_PROBES)})", "{{job}} {{method}} {{route}}")], "s", 12),
            graph("Errors by route", "5xx.", [(f"topk(10, {rate('oc_http_requests_total', 'job, method, route, status', status='~5..')})", "{{job}} {{method}} {{route}} {{status}}")], "reqps", 12),
            graph("Refusals", "4xx: what callers did wrong, or are not allowed.", [(rate("oc_http_requests_total", "job, status", status="~4.."), "{{job}} {{status}}")], "reqps", 12)),
        row("What people do",
            graph("Sent", "Documents, by what the sender was answered.", [(count("oc_documents_sent_total", "outcome"), "{{outcome}}")], stacked=True),
            graph("Opened", "By outcome: dashboard Access tells more.", [(count("oc_access_attempts_total", "outcome"), "{{outcome}}")], stacked=True),
            graph("Waiting", "Messages that are not delivered yet, each counted once.", [(f"max by (destination) ({chosen('oc_outbox_messages', state='waiting')})", "{{destination}}")])),
        row("Alerts and versions",
            table("Alerts that fire", "docs/runbooks/ explains each.", 'ALERTS{alertname=~"Oc.*",alertstate="firing",namespace=~"$namespace"}', ("alertstate",)),
            table("Versions", "What runs where.", f"count by (namespace, job, role, version, revision) (oc_build_info{{{CHOSEN}}})")),
    ])
