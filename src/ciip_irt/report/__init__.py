"""Pages from results: one folder of self-contained HTML.

``write_report`` reads the result files of a folder, whatever is there, and writes ``report/index.html`` with
its companions. Every page carries its own style and script, loads nothing and sends nothing, and names no
candidate. ``write_results`` writes results and report in one switch.
"""

from ciip_irt.report.write import write_report, write_results

__all__ = ["write_report", "write_results"]
