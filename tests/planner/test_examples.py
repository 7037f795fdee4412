"""The planner's examples print what they promise."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

OUTPUT = {
    "policy_filtering": """\
free: search_public
  the model wants delete_user: tool `delete_user` is not in the catalog. Valid names: search_public.
  deleted: []
  I cannot delete users here; Ann has a page.
premium: search_public, search_records
staff: search_public, search_records, delete_user
""",
    "react_cassette": """\
recorded: Seven sledges are left. (2 calls of the model)
replayed: Seven sledges are left. (2 calls of the model)
same step_count: True
same cost: True
same constraints: True
another question: CassetteMissError, no call is made
""",
    "react_cost": """\
constraints_conflict: cost limit reached; approve to allow as much again, or reject to end the run
limit cost_limit_usd = 0.01, spent 0.012
The logbook has 600 words.
spent 0.016 USD in 4 calls
tokens: 4000 in, 200 out
every price was known: True
""",
    "react_memory_context": """\
the model reads: {"context":{"memories":{"language":"en","ship":"Fram"}},"query":"Anything new \
about my ship?"}
the tool gives: {'subjects': ['Fram: offer from the shipyard'], 'language': 'en'}
the password is in a prompt: False
the result tells of it: {}
There is one mail about your ship, an offer.
""",
    "react_minimal": """\
1. I need documents about the topic.
   search_docs {"text": "routing"} -> {"titles": ["routing: overview", "routing: examples"]}
2. Two documents are enough for a summary.
   summarize {"titles": ["routing: overview", "routing: examples"]} -> {"text": "2 documents, first \
`routing: overview`"}
Routing is covered by 2 documents; start with the overview.
""",
    "react_parallel": """\
search_shard 1: krill 1a, krill 1b
search_shard 2: krill 2a, krill 2b
search_shard 3: krill 3a, krill 3b
merge_hits: 6 titles
{'success': 3, 'failed': 0}, tool calls: 4
There are six documents about krill.
""",
    "react_parallel_join": """\
{'success': 2, 'failed': 1}
  tool `thermometer` raised ConnectionError: the station does not answer
  join: ('skipped', 'branch_failures')
{'success': 2, 'failed': 1}
  tool `thermometer` raised ConnectionError: the station does not answer
  join: {'celsius': -10.0, 'note': '2 of 3 stations, without Faraday'}
About -10 °C; Faraday is silent.
""",
    "react_pause_resume": """\
waiting: approval_required, send_mail {'to': 'ann@example.org', 'text': 'we are late'}
sent so far: []
sent: ['ann@example.org: we arrive at nine']
Ann knows.
a token works once: no run waits under token
""",
    "react_reflection": """\
critique: 0.3 No number. -> the answer must be revised
critique: 0.9 Complete, and shown by an observation. -> the answer is good enough
Emperor penguins dive 500 m deep, for 20 minutes.
quality: answer, {'score': 0.9, 'revisions': 1, 'passed': True, 'feedback': 'Complete, and shown by \
an observation.'}
calls: 3 of the writer, 2 of the critic
""",
    "react_replan": """\
  the model reads: ask for days=90 at most
365 days: tool `total_sales` raised QueryTooWide: 365 days are too many
90 days: {'euros': 900}
900 euros in the last quarter.
""",
    "react_streaming": """\
[voyage 0] reached Ushuaia
[voyage 1] reached Deception Island
sail is done
We sailed 96|0 miles to Decep|tion Island.|
kept on the step: ['reached Ushuaia', 'reached Deception Island', '']
""",
    "react_typed_tools": """\
{'ship': 'Fram', 'seats': 'two', 'day': '2026-03-02'}
  arguments of `book` did not validate: seats: Input should be a valid integer, unable to parse \
string as an integer. The tool did not run.
{'seats': 2, 'day': '2026-03-02', 'ship': 'Fram'}
  {'number': 'Fram-0203', 'price': 240}
{'ship': 'Fram', 'seats': 2, 'day': '2026-03-08'}
  arguments of `book` did not validate: no ship sails on Sunday. The tool did not run.
times a value was asked for: 1
Booked for Monday. Nothing sails back on Sunday.
""",
    "memory_basic": """\
Ann: My ship is the Fram.
  summary: -
  in full: []
Ann: It has 13 cabins.
  summary: -
  in full: ['My ship is the Fram.']
Ann: How many people fit?
  summary: <session_summary>My ship is the Fram.</session_summary>
  in full: ['It has 13 cabins.']
Ann: And what is she called?
  summary: <session_summary>My ship is the Fram. It has 13 cabins.</session_summary>
  in full: ['How many people fit?']
Bob: What is her ship called?
  summary: -
  in full: []
""",
    "memory_callbacks": """\
turn: I am Ann and sail on the Fram. -> Noted.
turn: Wake me at Port Lockroy. -> I will.
health: healthy -> retry
summary: <session_summary>Ann sails on the Fram.</session_summary>
health: retry -> healthy
""",
    "memory_custom": """\
ann, monday: Please remember: I eat vegan food. -> I know of: nothing.
ann, monday: I played chess today. -> I know of: vegan.
ann, tuesday: What do you know about me? -> I know of: vegan.
bob, tuesday: What do you know about me? -> I know of: nothing.
""",
    "memory_persistence": """\
ann: Where are we? -> I do not know.
ann: We have reached Port Lockroy. -> Port Lockroy.
ann: Where are we? -> Port Lockroy.
bob: Where are we? -> I do not know.
stored under acme:ann:expedition: 3 turns, healthy
""",
    "memory_redis": """\
kept in: InMemoryStateStore
Which cabin do I have? -> I do not know.
I have cabin number 7. -> Number 7.
Which cabin do I have? -> Number 7.
""",
    "memory_truncation": """\
Ann is on board. -> Noted.
Bob is on board. -> Noted.
Cai is on board. -> Noted.
Who is on board? -> Bob, Cai
Who is on board? -> nobody
Who is on board? -> nobody
""",
}


@pytest.mark.parametrize("name", OUTPUT)
def test_the_example_prints_what_it_promises(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)
    runpy.run_path(str(EXAMPLES / name / "main.py"), run_name="__main__")
    assert capsys.readouterr().out == OUTPUT[name]


@pytest.mark.parametrize("name", OUTPUT)
def test_the_example_is_short_and_says_how_to_run_it(name: str) -> None:
    text = (EXAMPLES / name / "main.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 80
    assert f"python examples/{name}/main.py" in (ast.get_docstring(ast.parse(text)) or "")


def test_every_example_of_the_planner_is_tried() -> None:
    of_other_tests = {"opentelemetry", "toolnode_http"}
    programs = {program.parent.name for program in EXAMPLES.glob("*/main.py")}
    assert programs - of_other_tests == OUTPUT.keys()
