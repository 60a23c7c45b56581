"""What a probe prints of a running program: lines that begin with a word, and the files of its configuration."""


def words_and_files(text: str) -> tuple[dict[str, list[str]], dict[str, str]]:
    """The lines `WORD:TEXT` of an answer by their word, and the text of each file by its path.

    A file begins with `config:PATH`; each of its lines stands behind a colon without a word.
    """
    words = dict[str, list[str]]()
    files, last = dict[str, list[str]](), list[str]()
    for line in text.split("\n"):
        word, _, rest = line.partition(":")
        if word == "config":
            last = files[rest] = []
        elif word == "" and files:
            last.append(rest)
        else:
            words.setdefault(word, []).append(rest)
    return words, {path: "\n".join(each) for path, each in files.items()}
