"""What an expression of PromQL uses, and which labels its result has.

promtool knows whether an expression can be read. It does not know our metrics: a name that
nobody exposes, or a sum by a label that is not there, is a silent nothing for it. This reads
the expression and finds out.
"""

import re

import promql_parser as promql

SET = {"and", "unless"}


class Wrong(Exception):
    """An expression that can be read and still gives nothing, or not what it seems to."""


def parse(expr):
    """Reads an expression; what Grafana fills in is filled in."""
    return promql.parse(expr.replace("$__rate_interval", "5m").replace("$__range", "1d"))


def selectors(node):
    """Every selector of an expression."""
    if isinstance(node, promql.VectorSelector):
        yield node
    elif isinstance(node, promql.MatrixSelector):
        yield node.vector_selector
    for part in ("expr", "lhs", "rhs", "param"):
        if getattr(node, part, None) is not None:
            yield from selectors(getattr(node, part))
    for argument in getattr(node, "args", None) or ():
        yield from selectors(argument)


def names(expr):
    """The names of all series that an expression uses."""
    return {selector.name for selector in selectors(parse(expr))}


def labels(expr, known):
    """The labels that the result of an expression may have; `known` are those of each series."""
    return _labels(parse(expr), known)


def _labels(node, known):
    for kind, reader in READERS.items():
        if isinstance(node, kind):
            return reader(node, known)
    raise Wrong(f"what is {type(node).__name__}?")


def _selector(node, known):
    if not node.name:
        raise Wrong("a selector without a name")
    if node.name not in known:
        raise Wrong(f"nobody exposes {node.name}")
    for matcher in node.matchers.matchers:
        _has(known[node.name], {matcher.name}, node.name)
    return set(known[node.name])


def _aggregate(node, known):
    inner = _labels(node.expr, known)
    if node.param is not None:
        _labels(node.param, known)
    if str(node.op) in ("topk", "bottomk"):
        return inner
    if node.modifier is None:
        return set()
    chosen = set(node.modifier.labels)
    _has(inner, chosen, node.prettify())
    without = node.modifier.type == promql.AggModifierType.Without
    return inner - chosen if without else chosen


def _binary(node, known):
    left, right = _labels(node.lhs, known), _labels(node.rhs, known)
    if left is None or right is None:
        return right if left is None else left
    modifier, op = node.modifier, str(node.op)
    matching = modifier.matching if modifier else None
    if matching:
        for side in (left, right):
            _has(side, set(matching.labels), node.prettify())
    elif op != "or" and left != right:
        raise Wrong(f"the sides differ in {sorted(left ^ right)} and nothing says on what they match: {node.prettify()}")
    if op == "or":
        return left | right
    if op in SET:
        return left
    return _joined(node, modifier, matching, left, right)


def _joined(node, modifier, matching, left, right):
    card = modifier.card if modifier else promql.VectorMatchCardinality.OneToOne
    extra = set(modifier.group_labels or ()) if modifier else set()
    if card == promql.VectorMatchCardinality.ManyToOne:
        _has(right, extra, node.prettify())
        return left | extra
    if card == promql.VectorMatchCardinality.OneToMany:
        _has(left, extra, node.prettify())
        return right | extra
    if matching is None:
        return left
    on = matching.type == promql.LabelModifierType.Include
    return set(matching.labels) if on else left - set(matching.labels)


def _call(node, known):
    name, arguments = node.func.name, [_labels(argument, known) for argument in node.args]
    if name == "time":
        return None
    if name in ("rate", "increase") and not re.search(r"(_total|_bucket|_sum|_count)$", _only_name(node)):
        raise Wrong(f"{name} of what is no counter: {node.prettify()}")
    if name == "histogram_quantile":
        _has(arguments[1], {"le"}, node.prettify())
        return arguments[1] - {"le"}
    if name == "vector":
        return set()
    vectors = [labels for labels in arguments if labels is not None]
    return vectors[0] if vectors else None


def _only_name(node):
    return next(selectors(node.args[0])).name


def _has(there, wanted, where):
    if missing := wanted - there:
        raise Wrong(f"no label {sorted(missing)} there: {where}")


# A scalar has no labels and matches everything: None.
READERS = {
    promql.VectorSelector: _selector,
    promql.MatrixSelector: lambda node, known: _selector(node.vector_selector, known),
    promql.SubqueryExpr: lambda node, known: _labels(node.expr, known),
    promql.ParenExpr: lambda node, known: _labels(node.expr, known),
    promql.UnaryExpr: lambda node, known: _labels(node.expr, known),
    promql.NumberLiteral: lambda node, known: None,
    promql.StringLiteral: lambda node, known: None,
    promql.AggregateExpr: _aggregate,
    promql.BinaryExpr: _binary,
    promql.Call: _call,
}
