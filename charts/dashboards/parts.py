"""What dashboards are made of: panels, rows, and the frame around them."""

# Of a name that has no namespace (a Prometheus without Kubernetes) `.*` is right as well.
CHOSEN = 'namespace=~"$namespace",job=~"$job"'
NO_PROBES = 'route!~"/livez|/readyz|/api/health|/api/ready|/metrics"'
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
# Names, not numbers: Grafana has a shade of each for dark and one for light.
GOOD, ODD, BAD = "green", "orange", "red"
COLOURS = {"failed": BAD, "empty": BAD, "not_sent": BAD, "unreachable": BAD, "error": ODD, "refused": ODD,
           "error": BAD, "open": BAD, "half_open": ODD, "closed": GOOD, "delivered": GOOD, "opened": GOOD, "sent": GOOD,
           "done": GOOD, "taken": GOOD, "queued": ODD, "limited": "purple"}


def rate(metric, by, more="", window="$__rate_interval", **equal):
    """Events in a second, added up by labels."""
    return f"sum by ({by}) (rate({chosen(metric, more, **equal)}[{window}]))"


def count(metric, by, more="", window="$__rate_interval", **equal):
    """Events within a window, added up by labels."""
    return f"sum by ({by}) (increase({chosen(metric, more, **equal)}[{window}]))"


def quantile(q, metric, by="", more=""):
    """A quantile of a histogram."""
    labels = f"{by}, le" if by else "le"
    return f"histogram_quantile({q}, {rate(metric + '_bucket', labels, more)})"


def quantiles(metric, more="", shown=(0.5, 0.95, 0.99)):
    """Some quantiles of a histogram, as targets."""
    return [(quantile(q, metric, more=more), f"p{q * 100:.0f}") for q in shown]


def chosen(metric, more="", **equal):
    """A metric of what was chosen above; `state="failed"` is a value, `status="~5.."` a pattern."""
    matchers = [CHOSEN, *([more] if more else [])]
    for label, value in equal.items():
        matchers.append(f'{label}=~"{value[1:]}"' if value.startswith("~") else f'{label}="{value}"')
    return f"{metric}{{{','.join(matchers)}}}"


def steps(*limits):
    """Thresholds: good below the first limit, odd below the second, bad beyond."""
    colours = [GOOD, *([ODD, BAD] if len(limits) == 2 else [BAD])]
    return [{"color": colour, "value": limit} for colour, limit in zip(colours, (None, *limits))]


LOW_IS_BAD = [{"color": BAD, "value": None}, {"color": GOOD, "value": 1}]


def _targets(targets, **more):
    return [{"refId": chr(ord("A") + n), "datasource": SOURCE, "expr": expr, "legendFormat": legend, **more}
            for n, (expr, legend) in enumerate(targets)]


def _defaults(unit, thresholds, **more):
    return {"unit": unit, "color": {"mode": "palette-classic"}, "thresholds": {"mode": "absolute", "steps": thresholds or steps()[:1]}, **more}


def _overrides(targets):
    """Words that always mean the same get the same colour, in every panel."""
    return [{"matcher": {"id": "byRegexp", "options": f"/(^|[ /]){word}$/"},
             "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}]}
            for word, colour in COLOURS.items() if any("{{outcome}}" in legend or "{{state}}" in legend for _, legend in targets)]


def graph(title, about, targets, unit="short", width=8, thresholds=None, stacked=False, traces=False):
    """Lines over time. With `thresholds` a line shows where it becomes odd; with `traces` points lead to traces."""
    custom = {"lineWidth": 1, "fillOpacity": 20 if stacked else 8, "showPoints": "never", "spanNulls": False,
              "stacking": {"mode": "normal" if stacked else "none"}, "thresholdsStyle": {"mode": "dashed" if thresholds else "off"}}
    return {"type": "timeseries", "title": title, "description": about, "datasource": SOURCE, "gridPos": {"w": width, "h": 8},
            "targets": _targets(targets, **({"exemplar": True} if traces else {})),
            "fieldConfig": {"defaults": _defaults(unit, thresholds, min=0, custom=custom), "overrides": _overrides(targets)},
            "options": {"legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"]},
                        "tooltip": {"mode": "multi", "sort": "desc"}}}


def stat(title, about, expr, unit="short", thresholds=None, width=3, legend="", mappings=()):
    """One number, with the colour of its threshold."""
    defaults = _defaults(unit, thresholds, mappings=list(mappings), noValue="–")
    defaults["color"] = {"mode": "thresholds"}
    return {"type": "stat", "title": title, "description": about, "datasource": SOURCE, "gridPos": {"w": width, "h": 4},
            "targets": _targets([(expr, legend)], instant=True),
            "fieldConfig": {"defaults": defaults, "overrides": []},
            "options": {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "none", "textMode": "auto"}}


def table(title, about, expr, hidden=(), width=12):
    """The labels of what an expression finds, a row each."""
    shown = {name: True for name in ("Time", "Value", "__name__", *hidden)}
    return {"type": "table", "title": title, "description": about, "datasource": SOURCE, "gridPos": {"w": width, "h": 7},
            "targets": _targets([(expr, "")], instant=True, format="table"),
            "fieldConfig": {"defaults": {"custom": {"align": "left"}, "noValue": "–"}, "overrides": []},
            "transformations": [{"id": "organize", "options": {"excludeByName": shown}}], "options": {"showHeader": True}}


def row(title, *panels):
    """Panels below a title, from left to right."""
    return title, panels


def placed(rows):
    """Every panel with an id and its place: rows below each other, 24 columns wide."""
    result, y = [], 0
    for title, panels in rows:
        result.append({"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}})
        y, x, high = y + 1, 0, 0
        for panel in panels:
            size = panel["gridPos"]
            if x + size["w"] > 24:
                y, x, high = y + high, 0, 0
            panel["gridPos"] = {"x": x, "y": y, **size}
            x, high = x + size["w"], max(high, size["h"])
            result.append(panel)
        y += high
    return [{"id": number, **panel} for number, panel in enumerate(result, 1)]


def _variable(name, label, query):
    return {"name": name, "label": label, "type": "query", "datasource": SOURCE, "query": {"query": query, "refId": name},
            "refresh": 2, "multi": True, "includeAll": True, "allValue": ".*", "current": {"text": "All", "value": "$__all"}, "sort": 1}


def dashboard(name, title, about, rows):
    """The whole, as Grafana takes it."""
    return {
        "uid": f"oc-{name}", "title": f"oc / {title}", "description": about, "tags": ["oc"], "schemaVersion": 39, "version": 1,
        "editable": False, "graphTooltip": 1, "refresh": "30s", "time": {"from": "now-6h", "to": "now"}, "timezone": "browser",
        "links": [{"type": "dashboards", "title": "oc", "tags": ["oc"], "asDropdown": True, "includeVars": True, "keepTime": True}],
        "templating": {"list": [
            {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "current": {}},
            _variable("namespace", "Namespace", "label_values(oc_build_info, namespace)"),
            _variable("job", "Job", 'label_values(oc_build_info{namespace=~"$namespace"}, job)'),
        ]},
        "annotations": {"list": [{"name": "Starts", "datasource": SOURCE, "enable": True, "iconColor": "blue",
                                  "expr": f"changes({chosen('process_start_time_seconds')}[2m]) > 0", "titleFormat": "{{job}} {{instance}} started"}]},
        "panels": placed(rows),
    }
