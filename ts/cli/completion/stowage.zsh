#compdef stowage
# Completion of stowage for zsh: sourced after compinit, or as the file _stowage in a folder of $fpath.
_stowage() {
  local line
  local -a values
  while IFS= read -r line; do
    case $line in
      :files) _files; return ;;
      :folders) _files -/; return ;;
      *) values+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
    esac
  done < <(stowage complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)
  (( $#values )) && _describe -t values stowage values
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _stowage "$@"
else
  compdef _stowage stowage
fi
