"""The whole account of a check: for every form each rule, what it found, and the targets reached."""

from collections.abc import Sequence

from ciip_irt.errors import plural
from ciip_irt.forms.checking.check import RULE_MEANINGS, asked
from ciip_irt.forms.constraints.difficulty import achieved_value
from ciip_irt.forms.findings import ERROR, Finding
from ciip_irt.forms.pool.form_set import FormSet

__all__ = ["verbose_report"]


def verbose_report(given: FormSet, findings: Sequence[Finding]) -> str:
    """A line per form and rule: ``ok``, ``no`` (errors), ``see`` (warnings) or ``--`` (nothing to judge)."""
    width = max(map(len, RULE_MEANINGS))
    judged = {rule: asked(given, rule) for rule in RULE_MEANINGS}
    lines = []
    for form in given.forms:
        scored, pilots = plural(len(form.scored), "scored item"), plural(len(form.pilots), "pilot item")
        lines.append(f"{form.form_id}: {scored}, {pilots}")
        for rule, meaning in RULE_MEANINGS.items():
            here = [f for f in findings if f.form_id == form.form_id and f.rule == rule]
            word = "ok" if judged[rule] else "--"
            if here:
                word = "no" if any(f.severity == ERROR for f in here) else "see"
            lines.append(f"  {word:<3}  {rule:<{width}}  {meaning}{'' if judged[rule] else ' (not asked)'}")
            lines += [f"       {f.message}" for f in here]
        for target in given.targets:
            value = achieved_value(target.contributions, form.scored)
            shown = "unknown" if value is None else f"{value:.{target.quantity.decimals}f}"
            lines.append(f"       {target.label}: {shown} {target.quantity.unit} ({target.wanted})")
    return "".join(line + "\n" for line in lines)
