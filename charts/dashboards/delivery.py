"""From the sending until the client role has it: the outbox, the way, codes in reserve, receipts."""

from parts import chosen, count, dashboard, graph, quantiles, rate, row, stat, steps

CLIENT, WEBHOOKS = 'destination="client"', 'destination="webhooks"'
SINCE = f"time() - max(({chosen('oc_receipts_last_pull_timestamp_seconds')} > 0))"


def waits(state):
    """Messages of a state. Every process tells of the whole outbox, so the largest answer counts."""
    return f"max by (destination) ({chosen('oc_outbox_messages', state=state)})"


def build():
    return dashboard("delivery", "Delivery", "Whether what was sent arrives: queue, attempts, reserve of codes, receipts.", [
        row("Now",
            stat("Waiting for client", "Messages that are not delivered yet.", f"max({chosen('oc_outbox_messages', CLIENT, state='waiting')})", thresholds=steps(100, 1000), width=4),
            stat("Oldest for client", "For how long the oldest of them has waited.", f"max({chosen('oc_outbox_oldest_seconds', CLIENT)})", "s", steps(900, 3600), width=4),
            stat("Failed, to client", "Given up or refused for good. A revocation among them means that its code still opens.", f"max({chosen('oc_outbox_messages', CLIENT, state='failed')})", thresholds=steps(1), width=4),
            stat("Failed, to webhooks", "Given up, or the receiver is gone.", f"max({chosen('oc_outbox_messages', WEBHOOKS, state='failed')})", thresholds=steps(1, 100), width=4),
            stat("Codes missing, 1 h", "Sendings that found no code in reserve.", f"sum(increase({chosen('oc_code_reserve_taken_total', outcome='empty')}[1h]))", thresholds=steps(1, 10), width=4),
            stat("Last receipts", "How long ago receipts were asked for with success.", SINCE, "s", steps(300, 1800), width=4)),
        row("Outbox",
            graph("Waiting", "Each message counted once, however many processes tell of it.", [(waits("waiting"), "{{destination}}")], width=6),
            graph("Oldest", "Age of the oldest message that waits.", [(f"max by (destination) ({chosen('oc_outbox_oldest_seconds')})", "{{destination}}")], "s", 6, steps(3600)),
            graph("Failed", "They stay until somebody starts them again.", [(waits("failed"), "{{destination}}")], width=6),
            graph("Ways to the client role", "Breakers of all processes: open means that attempts rest.", [(f"sum by (state) ({chosen('oc_outbox_breakers', CLIENT)})", "{{state}}")], width=6, stacked=True)),
        row("Attempts",
            graph("Attempts at client", "By how they ended.", [(rate("oc_outbox_attempts_total", "outcome", CLIENT), "{{outcome}}")], "ops", stacked=True),
            graph("Duration at client", "Of one attempt.", quantiles("oc_outbox_attempt_duration_seconds", CLIENT), "s", thresholds=steps(10)),
            graph("Looks that failed", "The outbox could not be read.", [(count("oc_outbox_lookups_failed_total", "instance"), "{{instance}}")]),
            graph("Attempts at webhooks", "By how they ended.", [(rate("oc_outbox_attempts_total", "outcome", WEBHOOKS), "{{outcome}}")], "ops", stacked=True),
            graph("Duration at webhooks", "Of one attempt.", quantiles("oc_outbox_attempt_duration_seconds", WEBHOOKS), "s", thresholds=steps(10)),
            graph("Ways to webhooks", "Breakers of all processes.", [(f"sum by (state) ({chosen('oc_outbox_breakers', WEBHOOKS)})", "{{state}}")], stacked=True)),
        row("Sent and delivered",
            graph("Sent", "What the sender was answered: delivered at once (200), queued (202), refused.", [(count("oc_documents_sent_total", "outcome"), "{{outcome}}")], stacked=True),
            graph("Sending to delivered", "From the promise until the client role has it.", quantiles("oc_document_delivery_seconds"), "s", thresholds=steps(300)),
            graph("Received at client role", "Replayed: it came again, and nothing changed.", [(count("oc_deliveries_received_total", "outcome"), "{{outcome}}")], stacked=True)),
        row("Codes in reserve, receipts",
            graph("Codes taken", "Empty: the sender got no code at once.", [(count("oc_code_reserve_taken_total", "outcome"), "{{outcome}}")], stacked=True),
            graph("Receipts", "That came from the client role.", [(count("oc_receipts_pulled_total", "job"), "{{job}}")]),
            graph("Since last receipts", "Since they were asked for with success.", [(SINCE, "seconds")], "s", thresholds=steps(1800))),
    ])
