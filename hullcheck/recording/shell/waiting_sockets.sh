waiting_sockets() { # UNITS: the enabled socket units that start one of these; systemd need not have loaded them yet
  enabled=$(systemctl list-unit-files --type=socket --state=enabled --no-legend --plain 2>/dev/null |
    sed -n "s/^\([A-Za-z0-9:_.@-]*[^@]\.socket\) .*/\1/p")
  # shellcheck disable=SC2086 # one word for each unit
  [ -z "$enabled" ] || systemctl show --property=Id,Triggers $enabled 2>/dev/null | awk -v units=" $1 " '
    /^Id=/ { name = substr($0, 4) }
    sub("^Triggers=", "") { for (i = split($0, unit, " "); i; i--) if (index(units, " " unit[i] " ")) print name }'
}

starters() { # TEXT, WORDS, whose they are: the socket units that start the units in the text, and are not among the words
  for name in $(printf "%s\n" "$1" | sed -n "s/^TriggeredBy=//p") $([ "$3" != 0 ] || waiting_sockets "$2"); do
    case $name in -*) ;; *.socket) case " $2 " in *" $name "*) ;; *) echo "$name" ;; esac ;; esac
  done
}
