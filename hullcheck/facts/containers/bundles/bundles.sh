# What the engine gave the runtime lies where the shim of a container works. Of it goes out what runs get, and each
# filter once: nothing before the capabilities, where the environment is, and nothing behind the process but the filter.
# A runtime may have been given something else on the way: where it is runc, its own state has the filter in force.
cd /proc || exit
command -v awk >/dev/null || {
  echo "awk is missing" >&2
  exit 1
}
shims=$(grep -ls "^containerd-shim" [0-9]*/comm)
shims=$(for shim in $shims; do echo "${shim%comm}cwd"; done)
[ -n "$shims" ] || exit 0
# shellcheck disable=SC2086 # one word for each path
links=$(ls -dln $shims 2>/dev/null)
printf "%s\n" "$links"
printf "%s\n" "$links" | awk '
  function content(file,   text) {
    getline text <file
    close(file)
    return text
  }
  function number(text,   place) {
    place = index(text, "\"seccomp\":{")
    if (!place) return 0
    text = substr(text, place)
    sub(/,"Hooks":.*/, "", text)
    if (!(text in known)) {
      known[text] = ++count
      printf "filter %d {%s}\n", count, text
    }
    return known[text]
  }
  {
    task = $0
    sub(".* -> .*/io.containerd.runtime.v2.task/", "", task)
    sub("/cwd -> .*", "")
    pid = $NF
    given = content(pid "/cwd/config.json")
    if (given == "") next
    from = index(given, "\"capabilities\":{")
    to = index(given, "},\"root\":{")
    linux = substr(given, index(given, "\"linux\":{"))
    place = index(linux, "\"devices\":[{\"allow\"")
    devices = place ? substr(linux, place) : "\"devices\":[]"
    devices = substr(devices, 1, index(devices, "]"))
    filter = number(linux)
    if (from && to > from) printf "bundle %d %d {%s,%s}\n", pid, filter, devices, substr(given, from, to - from)
    options = content(pid "/cwd/options.json")
    root = match(options, /"root":"[^"]*/) ? substr(options, RSTART + 8, RLENGTH - 8) : "/run/containerd/runc"
    state = content(pid "/root" root "/" task "/state.json")
    if (index(state, "\"init_process_pid\":")) printf "state %d %d\n", pid, number(state)
  }'
exit 0
