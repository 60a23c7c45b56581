lines() { # WORD TEXT: its lines, each behind the word; IFS is a line feed then, and -f is set
  # shellcheck disable=SC2086 # one word for each line
  printf "$1:%s\n" $2
}
