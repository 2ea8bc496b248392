# Lists everything in the directory $1, one line each: mode, SHA-256 of a file or target of a link, path.
cd "$1" || exit 1
sum() { if command -v sha256sum > /dev/null; then sha256sum; else shasum -a 256; fi; }
find . | LC_ALL=C sort | while IFS= read -r path; do
  mode=$(ls -ld "$path" | cut -c 1-10)
  if [ -h "$path" ]; then
    content="-> $(readlink "$path")"
  elif [ -f "$path" ]; then
    content=$(sum < "$path" | cut -d ' ' -f 1)
  else
    content=-
  fi
  printf '%s %s %s\n' "$mode" "$content" "$path"
done
