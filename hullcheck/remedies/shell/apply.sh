#!/bin/sh
# Applies what changes.sh says to this host, or takes it back. As root: sh apply.sh [check | apply | back]
#   check  say what would be changed (this is what it does without a word, too)
#   apply  change it; what was there before is kept in /var/backups/hullcheck
#   back   put back what was there before
# shellcheck disable=SC2329 # changes.sh calls them
set -eu
umask 077
todo=${1:-check} missed=0 changed=""
case $todo in check | apply | back) ;; *) todo="" ;; esac
if [ -z "$todo" ] || [ $# -gt 1 ]; then
  echo "usage: sh apply.sh [check | apply | back]" >&2
  exit 2
fi
cd -- "$(dirname -- "$0")"
if [ "$(id -u)" != 0 ]; then
  echo "apply.sh: only root can do this" >&2
  exit 1
fi

say() { printf "%s\n" "$*"; }
miss() { # REASON: go on, and end with status 1
  printf "apply.sh: %s\n" "$*" >&2
  missed=1
}
stop() {
  miss "$*"
  exit 1
}
is_plain() { # PATH: from the root, and without a link in it
  case $1 in /*) [ "$(readlink -f -- "$1")" = "$1" ] ;; *) false ;; esac
}
is_guarded() { # PATH: nobody but root can put something else there while this runs
  entry=$1
  while [ "$entry" != / ]; do
    above=${entry%/*}
    above=${above:-/}
    case $(stat -c "%u %A" -- "$above") in
      "0 d"????-??-?*) ;;
      "0 d"????????[tT]*) [ "$(stat -c %u -- "$entry")" = 0 ] || return 1 ;;
      *) return 1 ;;
    esac
    entry=$above
  done
}
keep_rights() { # PATH: owner and mode of now, unless they were kept before
  [ ! -e "$saved$1/.rights" ] || return 0
  mkdir -p -- "$saved$1"
  stat -c "%a %u:%g" -- "$1" >"$saved$1/.rights.part"
  mv -- "$saved$1/.rights.part" "$saved$1/.rights"
}
keep_content() { # PATH: what is in it now, unless that was kept before
  [ ! -e "$saved$1/.content" ] && [ ! -e "$saved$1/.absent" ] || return 0
  mkdir -p -- "$saved$1"
  if [ -e "$1" ]; then
    cp -- "$1" "$saved$1/.content.part"
    keep_rights "$1"
    mv -- "$saved$1/.content.part" "$saved$1/.content"
  else
    : >"$saved$1/.absent"
  fi
}
rights_back() { # PATH
  [ -e "$saved$1/.rights" ] || return 0
  if [ -e "$1" ] && is_plain "$1" && is_guarded "$1"; then
    read -r bits owner <"$saved$1/.rights"
    chown -- "$owner" "$1"
    chmod -- "$bits" "$1"
    say "put back owner and mode of $1"
  else
    miss "$1 is gone, there is a link on its way, or others can write there: its owner and mode stay as they are"
  fi
}
content_back() { # PATH
  if ! is_plain "${1%/*}" || ! is_guarded "$1"; then
    miss "$1 stays as it is: there is a link on its way, or others can write there"
  elif [ -e "$saved$1/.absent" ]; then
    rm -f -- "$1"
    say "took $1 away"
  elif [ -e "$saved$1/.content" ]; then
    place "$saved$1/.content" "$1" 600
    rights_back "$1"
    say "put $1 back"
  fi
}
place() { # FILE PATH MODE: at once or not at all
  new=$(mktemp "${2%/*}/.hullcheck.XXXXXX")
  cp -- "$1" "$new"
  chown -- 0:0 "$new"
  chmod -- "$3" "$new"
  mv -f -- "$new" "$2"
  if command -v restorecon >/dev/null; then restorecon -- "$2"; fi
}
has_safe_folder() { # PATH: make it if it is missing
  above=${1%/*}
  while [ ! -e "$above" ] && [ ! -L "$above" ]; do above=${above%/*}; done
  is_plain "${above:-/}" && is_guarded "$above/." || return 1
  (umask 022 && mkdir -p -- "${1%/*}")
}

# ---- what changes.sh is made of

saves() { # NAME: of the folder with what was there before
  saved=/var/backups/hullcheck/$1
  [ "$todo" != back ] || [ -d "$saved" ] || stop "nothing was kept in $saved: there is nothing to put back"
}
needs() { # PROGRAM WORDS: what has to be done first where PROGRAM is missing, before anything is changed
  if [ "$todo" != back ] && ! command -v "$1" >/dev/null; then
    miss "$1 is not here: first $2, or take its lines out of changes.sh"
    [ "$todo" = check ] || exit 1
  fi
}
file() { # FILE PATH MODE: FILE of this folder is to be at PATH
  if [ "$todo" = back ]; then
    content_back "$2"
  elif [ -L "$2" ]; then
    stop "$2 is a link: change the file that it leads to by hand"
  elif cmp -s -- "$1" "$2"; then
    say "$2 is so already"
  elif [ "$todo" = check ]; then
    say "would write $2:"
    if [ -e "$2" ]; then diff -u -- "$2" "$1" || true; else sed "s/^/+/" "$1"; fi
  else
    has_safe_folder "$2" || stop "there is a link on the way to $2, or others can write there: change it by hand"
    keep_content "$2"
    place "$1" "$2" "$3"
    say "wrote $2"
  fi
}
merge() { # SETTINGS PATH [NAME...]: the settings, merged with the daemon.json at PATH, without those of NAME
  if [ "$todo" = back ]; then
    content_back "$2"
    return
  fi
  settings=$1 path=$2
  shift 2
  work=$(mktemp -d)
  if [ ! -s "$path" ]; then
    cp -- "$settings" "$work/new"
  elif command -v python3 >/dev/null; then
    python3 -I merge.py "$settings" "$path" "$@" >"$work/new" || stop "$path could not be merged"
  elif command -v jq >/dev/null; then
    without="with_entries(select(.key | IN(\$ARGS.positional[]) | not))"
    jq --slurpfile more "$settings" "$without * \$more[0]" "$path" --args "$@" >"$work/new" ||
      stop "$path could not be merged"
  else
    stop "neither python3 nor jq is here: merge $settings into $path by hand, and take that line out of changes.sh"
  fi
  if dockerd --help 2>/dev/null | grep -q -e --validate; then
    dockerd --validate --config-file="$work/new" >/dev/null || stop "the engine would not start with $work/new"
  fi
  if cmp -s -- "$work/new" "$path"; then say "$path is so already"; else file "$work/new" "$path" 644; fi
  rm -r -- "$work"
}
mode() { # CHANGE PATH: a change that takes rights away, as chmod takes it
  rights "$2" "has mode" %a chmod "$1"
}
owner() { # OWNER:GROUP PATH
  rights "$2" "belongs to" %U:%G chown -h "$1"
}
rights() { # PATH WORDS FORMAT COMMAND...: COMMAND changes what stat says by FORMAT
  path=$1 words=$2 format=$3
  shift 3
  if [ "$todo" = back ]; then
    changed="$path
$changed"
  elif [ ! -e "$path" ] || ! is_plain "$path"; then
    miss "$path is not there any more, or there is a link on its way: left as it is"
  elif [ "$todo" = check ]; then
    say "would run: $* $path (it $words $(stat -c "$format" -- "$path"))"
  elif ! is_guarded "$path"; then
    miss "others than root can write on the way to $path: left as it is"
  else
    keep_rights "$path"
    "$@" "$path"
    say "$path $words $(stat -c "$format" -- "$path")"
  fi
}
kernel() { # NAME VALUE: a setting of the kernel, now
  was="$saved/.kernel/$1"
  if [ "$todo" = back ]; then
    [ ! -e "$was" ] || sysctl -w "$1=$(cat -- "$was")"
  elif [ "$todo" = check ]; then
    say "would run: sysctl -w $1=$2 (it is $(sysctl -n "$1"))"
  else
    mkdir -p -- "$saved/.kernel"
    [ -e "$was" ] || sysctl -n "$1" >"$was"
    sysctl -w "$1=$2"
  fi
}
run() { # COMMAND...: what makes a file effective
  if [ "$todo" = check ]; then
    say "would run: $*"
  elif ! "$@"; then
    miss "failed: $*"
  fi
}
update() { # CONTAINER OPTION VALUE [OPTION...]: a limit of a container, which takes it over at once
  container=$1
  shift
  if ! docker inspect --type container -- "$container" >/dev/null 2>&1; then
    miss "the container $container is not there any more, or the engine does not answer"
  elif [ "$todo" = back ]; then
    say "$container keeps $1 $2: to take it away, create the container again"
  elif [ "$todo" = check ]; then
    say "would run: docker update $* $container"
  elif docker update "$@" -- "$container" >/dev/null; then
    say "$container has $1 $2"
  else
    miss "failed: docker update $* $container"
  fi
}

# shellcheck disable=SC1091 # made for each host
. ./changes.sh

# a directory goes back after what is in it: before, nobody else can write there
while IFS= read -r path; do
  [ -z "$path" ] || rights_back "$path"
done <<EOF
$changed
EOF
exit $missed
