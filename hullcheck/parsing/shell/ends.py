"""How a script of the shell may end, and what decides that: a service, or nothing that this does.

It is read, and not run. Words that are not read make it unknown.
"""

from collections import deque
from collections.abc import Sequence

from hullcheck.parsing.shell.commands import Commands, UnreadError
from hullcheck.parsing.shell.looks import GOOD, Cause, Ends, either, joined, worst
from hullcheck.parsing.shell.words import tokens, without_heredocs


class Reader(Commands):
    """Reads the lists, pipes and branches of a script."""

    def script(self, text: str) -> Ends:
        """How this script may end, that is read in the place of what is left of another one."""
        kept, self.pieces = self.pieces, deque(tokens(without_heredocs(text)[0]))
        state = self._list(())
        if self.pieces:
            raise UnreadError
        self.pieces = kept
        return state

    # ---- lists and pipes

    def _list(self, closing: Sequence[str]) -> Ends:
        """How the commands end that stand before one of these pieces, which is left there."""
        state = GOOD
        while True:
            self._skip()
            if not self.pieces or self._next in closing:
                if closing and not self.pieces:
                    raise UnreadError
                return state
            runs = self.runs
            self.runs = runs and bool(state)
            state = self._chain(closing) if self.runs else self._unreached(closing)
            self.runs = runs

    def _unreached(self, closing: Sequence[str]) -> Ends:
        self._apart(lambda: self._chain(closing))
        return frozenset()

    def _chain(self, closing: Sequence[str]) -> Ends:
        """How commands end that are joined by `&&` and `||`."""
        left, self_within = self.left, self.within
        state = self._pipe()
        while self._next in (" &&", " ||"):
            good = self._next == " &&"
            self.pieces.popleft()
            self._skip()
            runs = frozenset(each for each in state if each[0] is good)
            self.last, self.within = runs, max(self_within, worst(runs))
            found = self._pipe() if runs else self._apart(self._pipe) and frozenset()
            state = (state - runs) | joined(found, worst(runs))
        self.within = self_within
        if self._next == " &":
            self.pieces.popleft()
            self.left = left
            state = GOOD
        elif self._next not in ("", " ;", " \n", *closing):
            raise UnreadError
        self.last = state
        return state

    def _pipe(self) -> Ends:
        """How commands end that are joined by pipes."""
        inverted = False
        while self._next in ("!", "time"):
            inverted ^= self._next == "!"
            self.pieces.popleft()
        piped, fed, looked, left = self.piped, self.fed, self.looked, self.left
        all_ends, many = frozenset[tuple[bool, Cause]](), False
        self.finds_itself, defined, last = False, self.defined, self.last
        while True:
            self.left, self.looked, self.last = frozenset(), Cause.NOTHING, last
            state = self._command()
            many |= self._next == " |"
            state, self.left = (state | self.left, left) if many else (state, left | self.left)
            all_ends |= state
            looked = max(looked, self.looked)
            if self._next != " |":
                break
            self.pieces.popleft()
            if self._next == " &":
                self.pieces.popleft()
            self._skip()
            self.piped, self.fed = self.looked, True
        if many and defined != self.defined:
            raise UnreadError
        self.piped, self.fed, self.looked = piped, fed, looked
        state = all_ends if self.fails_in_pipe else state
        state = frozenset((not good, cause) for good, cause in state) if inverted else state
        if self.ends_on_fault and not (inverted or self.tests) and self._next not in (" &&", " ||"):
            self.left |= joined(frozenset(each for each in state if not each[0]), self.within)
            state = frozenset(each for each in state if each[0])
        return state

    # ---- commands

    def _command(self) -> Ends:
        """How the next command ends, or all those that are held together as one."""
        word = self._next
        if word == "function":  # what follows the name is of its body
            self.pieces.popleft()
            return self._define(self.pieces.popleft()[1] if self.pieces else "")
        self.depth += 1
        if word == "if":
            state = self._if()
        elif word in ("while", "until"):
            state = self._while()
        elif word == "for":
            state = self._for()
        elif word == "case":
            state = self._case()
        elif word in ("{", " ("):
            self.pieces.popleft()
            closing = "}" if word == "{" else " )"
            if word == self._next == " (":  # it calculates
                raise UnreadError
            state = self._list((closing,)) if word == "{" else self._apart(lambda: self._list((closing,)))
            self._take(closing)
        else:
            self.depth -= 1
            return self._simple()
        self.depth -= 1
        state |= self._redirections()
        if self.ends_on_fault and self._next in (" &&", " ||"):  # then no fault in it ends the script
            raise UnreadError
        return state

    def _redirections(self) -> Ends:
        """What the redirections after several commands may make of them."""
        words, _, _ = self._words()
        plain, ends = self._redirected(words, Cause.NOTHING)
        if plain:
            raise UnreadError
        return ends

    def _tested(self, closing: str) -> Ends:
        """How a condition ends."""
        tests, self.tests = self.tests, True
        state = self._list((closing,))
        self.tests = tests
        self._take(closing)
        return state

    def _branch(self, when: Ends, closing: Sequence[str], last: Ends = frozenset()) -> Ends:
        """How commands end that are run where a condition ended so; *last* is what may have been said before it."""
        runs, within = self.runs, self.within
        self.runs, self.within, self.last = runs and bool(when), max(within, worst(when)), last or when
        state = joined(self._list(closing), worst(when))
        self.runs, self.within = runs, within
        return state if when else frozenset()

    def _if(self) -> Ends:
        found: Ends = frozenset()
        while self._next in ("if", "elif"):
            self.pieces.popleft()
            state = self._tested("then")
            good = frozenset(each for each in state if each[0])
            found |= self._branch(good, ("elif", "else", "fi"))
            left = state - good
        if self._next == "else":
            self.pieces.popleft()
            found |= self._branch(left, ("fi",))
        else:
            found |= frozenset((True, cause) for _, cause in left)
        self._take("fi")
        return found

    def _while(self) -> Ends:
        self.pieces.popleft()
        state = self._tested("do")
        body = self._branch(state, ("done",), either(Cause.SERVICE))
        self._take("done")
        return either(max(worst(state), worst(body)))  # one that does not end is ended, and has failed

    def _for(self) -> Ends:
        self.pieces.popleft()
        if not self._next or self._next.startswith(" "):
            raise UnreadError
        _, name = self.pieces.popleft()
        _, given, _ = self._words()
        self.variables[name] = max(given, self.within)
        self._skip()
        self._take("do")
        body = self._branch(frozenset(((True, given),)), ("done",), either(Cause.SERVICE))
        self._take("done")
        return body | frozenset(((True, given),)) if given else body

    def _case(self) -> Ends:
        self.pieces.popleft()
        _, given, _ = self._words("in")
        self._take("in")
        found: Ends = frozenset(((True, given),))
        last = self.last
        self._skip()
        while self._next != "esac":
            while self._next not in (" )", ""):
                self.pieces.popleft()
            self._take(" )")
            found |= self._branch(frozenset(((True, given),)), (" ;;", "esac"), last)
            if self._next == " ;;":
                self.pieces.popleft()
            self._skip()
        self._take("esac")
        return found

    def _define(self, name: str) -> Ends:
        """A function of this name, whose body follows."""
        if self._next in (" ()", " ( )"):
            self.pieces.popleft()
        self._skip()
        kept = self.left, self.returned, self.looked, self.within, self.in_function
        self.left = self.returned = frozenset()
        self.looked, self.within, self.in_function = Cause.NOTHING, Cause.NOTHING, True
        ends = self._command() | self.returned
        if kept[3]:  # where it may not be defined, a call of it fails
            ends |= either(kept[3])
        self.defined += 1
        self.functions[name] = ends, self.left, self.looked
        self.left, self.returned, self.looked, self.within, self.in_function = kept
        return GOOD
