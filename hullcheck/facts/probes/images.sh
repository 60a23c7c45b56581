# shellcheck disable=SC2046,SC2086,SC2154 # one word for each id
ids=$(ids images) || exit
echo "--images"
if [ -n "$ids" ]; then
  documents images $ids || exit
  find_store $ids
  if [ -n "$store" ]; then
    cd "$store" || exit
    names=$(for each in $ids; do say "${each#sha256:}"; done | there)
    echo "--came" # when each was brought here
    say "$names" | xargs stat -c "%Y %n"
    echo "--stored"
    walk "$names"
    say "$told" | xargs grep -aH ""
  elif [ -n "$engine_socket" ]; then
    echo "--history"
    api $(printf "/images/%s/history " $ids) | for id in $ids; do read -r line && say "$id $line"; done
  fi
fi
echo "--end"
