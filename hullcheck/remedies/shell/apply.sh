#!/bin/sh
# Applies what changes.sh says to this host, or takes it back. As root: sh apply.sh [check | save | apply | back]
#   check  say what would be changed (this is what it does without a word, too)
#   save   keep what is there, and change nothing
#   apply  change it; what was there before is kept in /var/backups/hullcheck
#   back   put back what was there before
# shellcheck disable=SC2329 # changes.sh calls them
set -eu
umask 077
todo=${1:-check} missed=0 work=""
case $todo in check | save | apply | back) ;; *) todo="" ;; esac
if [ -z "$todo" ] || [ $# -gt 1 ]; then
  echo "usage: sh apply.sh [check | save | apply | back]" >&2
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
  printf "apply.sh: %s\n" "$*" >&2
  exit 1
}
is_plain() { # PATH: from the root, and without a link in it
  case $1 in /*) [ "$(readlink -f -- "$1")" = "$1" ] ;; *) false ;; esac
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
  if is_plain "$1" && [ -e "$1" ]; then
    read -r bits owner <"$saved$1/.rights"
    chown -- "$owner" "$1"
    chmod -- "$bits" "$1"
    say "put back owner and mode of $1"
  else
    miss "$1 is not there any more, or a link: its owner and mode are left as they are"
  fi
}
content_back() { # PATH
  if [ -e "$saved$1/.absent" ]; then
    rm -f -- "$1"
    say "took $1 away"
  elif [ -e "$saved$1/.content" ]; then
    place "$saved$1/.content" "$1" 600
    rights_back "$1"
    say "put $1 back"
  fi
}
place() { # FILE PATH MODE: at once or not at all
  new="${2%/*}/.hullcheck.$$"
  cp -- "$1" "$new"
  chown -- 0:0 "$new"
  chmod -- "$3" "$new"
  mv -f -- "$new" "$2"
  if command -v restorecon >/dev/null; then restorecon -- "$2"; fi
}
has_plain_folder() { # PATH: make it if it is missing
  above=${1%/*}
  while [ ! -e "$above" ] && [ ! -L "$above" ]; do above=${above%/*}; done
  is_plain "${above:-/}" || return 1
  (umask 022 && mkdir -p -- "${1%/*}")
}

# ---- what changes.sh is made of

saves() { # NAME: of the folder with what was there before
  saved=/var/backups/hullcheck/$1
  [ "$todo" != back ] || [ -d "$saved" ] || stop "nothing was kept in $saved: there is nothing to put back"
}
file() { # FILE PATH MODE: FILE of this folder is to be at PATH
  if [ "$todo" = back ]; then
    content_back "$2"
  elif [ "$todo" = save ]; then
    keep_content "$2"
  elif [ -L "$2" ]; then
    stop "$2 is a link: change the file that it leads to by hand"
  elif cmp -s -- "$1" "$2"; then
    say "$2 is so already"
  elif [ "$todo" = check ]; then
    say "would write $2:"
    if [ -e "$2" ]; then diff -u -- "$2" "$1" || true; else sed "s/^/+/" "$1"; fi
  else
    has_plain_folder "$2" || stop "there is a link on the way to $2: change that file by hand"
    keep_content "$2"
    place "$1" "$2" "$3"
    say "wrote $2"
  fi
}
daemon_json() { # FILE PATH SECONDS THERE: as `file`, if that at PATH is the one of the audit
  if { [ "$todo" = check ] || [ "$todo" = apply ]; } && ! cmp -s -- "$1" "$2"; then
    if [ -e "$2" ] && [ "$4" = absent ]; then stop "$2 was not there at the audit: audit again"; fi
    if [ ! -e "$2" ] && [ "$4" != absent ]; then stop "$2 was there at the audit: audit again"; fi
    if [ -e "$2" ] && [ "$(stat -c %Y -- "$2")" -ge "$3" ]; then
      stop "$2 was changed after the audit: audit again"
    fi
    is_valid "$1"
  fi
  file "$1" "$2" 644
}
is_valid() { # FILE: the engine would start with it, as far as it can say
  if dockerd --help 2>/dev/null | grep -q -e --validate; then
    dockerd --validate --config-file="$(readlink -f -- "$1")" >/dev/null || stop "the engine would not start with $1"
  fi
}
merge() { # SETTINGS PATH: the settings, merged with what is in the daemon.json at PATH
  if [ "$todo" = back ]; then
    content_back "$2"
    return
  elif [ "$todo" = save ]; then
    keep_content "$2"
    return
  fi
  work=$(mktemp -d)
  if [ -e "$2" ]; then cp -- "$2" "$work/old"; else echo "{}" >"$work/old"; fi
  if command -v python3 >/dev/null; then
    python3 -I merge.py "$1" "$work/old" >"$work/new" || stop "$2 could not be merged"
  elif command -v jq >/dev/null; then
    jq --slurpfile more "$1" \
      "with_entries(select(.key | IN(\$more[0].without[]) | not)) * \$more[0].put" "$work/old" >"$work/new" ||
      stop "$2 could not be merged"
  else
    stop "neither python3 nor jq is here: merge $1 into $2 by hand, and take that line out of changes.sh"
  fi
  is_valid "$work/new"
  if [ -e "$2" ] && cmp -s -- "$work/new" "$2"; then say "$2 is so already"; else file "$work/new" "$2" 644; fi
  rm -r -- "$work"
}
mode() { # CHANGE PATH: a change that takes rights away, as chmod takes it
  if [ "$todo" = back ]; then
    rights_back "$2"
  elif [ ! -e "$2" ] || ! is_plain "$2"; then
    miss "$2 is not there any more, or there is a link on its way: left as it is"
  elif [ "$todo" = save ]; then
    keep_rights "$2"
  elif [ "$todo" = check ]; then
    say "would run: chmod $1 $2 (it has mode $(stat -c %a -- "$2"))"
  else
    keep_rights "$2"
    chmod -- "$1" "$2"
    say "$2 has mode $(stat -c %a -- "$2")"
  fi
}
owner() { # OWNER:GROUP PATH
  if [ "$todo" = back ]; then
    rights_back "$2"
  elif [ ! -e "$2" ] || ! is_plain "$2"; then
    miss "$2 is not there any more, or there is a link on its way: left as it is"
  elif [ "$todo" = save ]; then
    keep_rights "$2"
  elif [ "$todo" = check ]; then
    say "would run: chown $1 $2 (it belongs to $(stat -c %U:%G -- "$2"))"
  else
    keep_rights "$2"
    chown -h -- "$1" "$2"
    say "$2 belongs to $(stat -c %U:%G -- "$2")"
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
    [ "$todo" = save ] || sysctl -w "$1=$2"
  fi
}
run() { # COMMAND...: what makes a file effective
  if [ "$todo" = check ]; then
    say "would run: $*"
  elif [ "$todo" != save ] && ! "$@"; then
    miss "failed: $*"
  fi
}
update() { # CONTAINER OPTION VALUE FORMAT [OPTION...]: a limit of a container, which takes it over at once
  was="$saved/.containers/$1$2"
  if ! now=$(docker inspect --type container --format "$4" -- "$1" 2>/dev/null); then
    miss "the container $1 is not there any more, or the engine does not answer"
  elif [ "$todo" = back ]; then
    [ ! -e "$was" ] || say "$1 keeps $2 $3: to take it away (it was $(cat -- "$was")), create the container again"
  elif [ "$todo" = check ]; then
    say "would run: docker update $2 $3 $1 (it is $now)"
  else
    mkdir -p -- "$saved/.containers"
    [ -e "$was" ] || printf "%s\n" "$now" >"$was"
    if [ "$todo" = save ]; then return 0; fi
    container=$1 said="$2 $3" option=$2 value=$3
    shift 4
    if docker update "$option" "$value" "$@" -- "$container" >/dev/null; then
      say "$container has $said"
    else
      miss "failed: docker update $said $container"
    fi
  fi
}

# shellcheck disable=SC1091 # made for each host
. ./changes.sh

if [ "$todo" = save ] && [ $missed = 0 ]; then : >"$saved/.saved"; fi
exit $missed
