"""People who open documents, and what keeps others out: codes, numbers, limits, tokens, the audit trail."""

from parts import chosen, count, dashboard, graph, rate, row, stat, steps


def attempts(outcomes, window):
    return f"sum(rate({chosen('oc_access_attempts_total', outcome='~' + outcomes)}[{window}]))"


NOT_SENT = (f"sum by (channel) (increase({chosen('oc_otp_total', outcome='not_sent')}[15m]))"
            f" / (sum by (channel) (increase({chosen('oc_otp_total', outcome='~sent|not_sent')}[15m])) > 0)")


def build():
    return dashboard("access", "Access", "Who gets in, who does not, and whether the audit trail keeps up.", [
        row("Now",
            stat("Opened, 1 h", "Documents that were shown.", f"sum(increase({chosen('oc_access_attempts_total', outcome='opened')}[1h]))", width=4),
            stat("Wrong codes / min", "Refused or told to wait. Beyond 600 nobody may type a code.", f"{attempts('refused|limited', '5m')} * 60", thresholds=steps(100, 300), width=4),
            stat("Blocked codes, 1 h", "They need to be issued anew.", f"sum(increase({chosen('oc_codes_blocked_total')}[1h]))", thresholds=steps(1, 5), width=4),
            stat("Numbers not sent", "Share of the last 15 minutes, of the worse channel.", f"max({NOT_SENT})", "percentunit", steps(0.1, 0.5), width=4),
            stat("Audit waiting", "Entries that are not chained yet.", f"max({chosen('oc_audit_waiting_entries')})", thresholds=steps(1000, 10000), width=4),
            stat("Audit lost, 1 d", "Entries about reading that had no room.", f"sum(increase({chosen('oc_audit_lost_entries_total')}[1d]))", thresholds=steps(1), width=4)),
        row("Codes",
            graph("Attempts to open", "By outcome.", [(rate("oc_access_attempts_total", "outcome"), "{{outcome}}")], "ops", stacked=True),
            graph("Wrong of all", "Share of attempts that were refused or told to wait.", [(f"{attempts('refused|limited', '$__rate_interval')} / ({attempts('.+', '$__rate_interval')} > 0)", "wrong")], "percentunit", thresholds=steps(0.5)),
            graph("Blocked codes", "Codes that reached their cap of wrong tries.", [(count("oc_codes_blocked_total", "job"), "{{job}}")])),
        row("Second factor",
            graph("Numbers sent", "By channel.", [(count("oc_otp_total", "channel, outcome", outcome="~sent|not_sent"), "{{channel}} {{outcome}}")], stacked=True),
            graph("Not sent of all", "Within 15 minutes, by channel.", [(NOT_SENT, "{{channel}}")], "percentunit", thresholds=steps(0.5)),
            graph("Numbers typed", "Right, wrong, or told to wait.", [(count("oc_otp_total", "outcome", outcome="~right|wrong|limited"), "{{outcome}}")], stacked=True)),
        row("Limits and tokens",
            graph("Told to wait (429)", "By the limit that was met.", [(rate("oc_rate_limited_total", "job, policy"), "{{job}} {{policy}}")], "ops"),
            graph("Redis did not answer", "Each process then limits by itself.", [(count("oc_limits_store_failures_total", "job"), "{{job}}")]),
            graph("Tokens refused", "By reason.", [(rate("oc_tokens_refused_total", "job, reason"), "{{job}} {{reason}}")], "ops")),
        row("Audit trail",
            graph("Waiting to be chained", "Usually for a second.", [(f"max by (job) ({chosen('oc_audit_waiting_entries')})", "{{job}}")], width=12, thresholds=steps(1000)),
            graph("Lost", "About reading only; changes are never lost.", [(count("oc_audit_lost_entries_total", "job"), "{{job}}")], width=12)),
    ])
