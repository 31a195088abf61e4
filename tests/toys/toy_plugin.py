"""A plugin of toys, registered in tests through an entry point like anybody's."""

from __future__ import annotations

from collections.abc import Iterable

from gxarena.hookspecs import Component, hookimpl


@hookimpl
def gxarena_models() -> Iterable[Component]:
    maskable = frozenset({"maskable"})
    yield Component("toy", "toys:Linear", "additive in its nucleotides", provides=maskable)
    yield Component(
        "toy-tokens",
        "toys:Linear",
        "the same with units of three",
        provides=maskable | {"special"},
        defaults={"width": 3},
    )
    yield Component("toy-batched", "toys:Batched", "as sensitive as networks", provides=maskable)
    yield Component(
        "toy-trained", "toys:Trained", "one with replicates", describe="toy_facts:trained"
    )
    yield Component(
        "toy-short",
        "toys:Linear",
        "takes ten nucleotides",
        describe="toy_facts:short",
    )
    yield Component("toy-one", "toys:Linear", "one output", describe="toy_facts:one")


@hookimpl
def gxarena_explainers() -> Iterable[Component]:
    yield Component("exact", "toys:Exact", "the model's own weights")
    yield Component("crash", "toys:Crash", "raises on explain")
    yield Component("leave", "toys:Leave", "calls sys.exit on explain")
    yield Component("interrupt", "toys:Interrupt", "Ctrl-C on explain")
    yield Component("hungry", "toys:Hungry", "runs out of memory")
    yield Component("extra", "no_such_module:X", "needs an extra", extra="none")
    yield Component("absent", "no_such_module:X", "its module is not there")
    yield Component("mumble", "toys:Mumble", "its error is no UTF-8")
    yield Component("mute", "toys:Mute", "its error has no text")
    yield Component("cancel", "toys:Cancel", "raises what is no Exception")
    yield Component("constant", "toys:WEIGHTS", "is nothing to call")
    yield Component("nan", "toys:NotANumber", "returns NaN")
    yield Component("some-nan", "toys:SometimesNotANumber", "returns NaN for some")
    yield Component("dice", "toys:Dice", "draws from global generators")
    yield Component("short-list", "toys:ShortList", "forgets a sample")
    yield Component("needy", "toys:Exact", "needs what no toy has", requires=frozenset({"one-hot"}))
    lost = frozenset({"elsewhere:magic"})
    yield Component("orphan", "toys:Exact", "needs what nothing has", requires=lost)
    yield Component(
        "orphan-wrapper", "toys:Exact", "likewise", provides=frozenset({"wrapper"}), requires=lost
    )


@hookimpl
def gxarena_metrics() -> Iterable[Component]:
    yield Component("total", "toys:Total", "sum of scores", provides=frozenset({"sample"}))
    yield Component("forgetful", "toys:Forgetful", "64 only", provides=frozenset({"sample"}))
    yield Component("dice", "toys:DiceTotal", "likewise", provides=frozenset({"sample"}))
    yield Component("trips", "toys:Trips", "fails at a sample", provides=frozenset({"sample"}))
    yield Component("stranger", "toys:Stranger", "another key", provides=frozenset({"sample"}))
    yield Component("collection", "toys:Collection", "a motif", provides=frozenset({"set"}))
    yield Component("patterns", "toys:Patterns", "motifs", provides=frozenset({"set"}))
    yield Component("nothing", "toys:Nothing", "no motif", provides=frozenset({"set"}))
    yield Component("too-few", "toys:TooFew", "forgets a sample", provides=frozenset({"sample"}))
