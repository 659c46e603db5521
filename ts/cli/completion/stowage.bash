# Completion of stowage for bash 3.2 and later, with or without the package bash-completion.
_stowage() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files) return ;; # nothing of ours: bash completes names of files
      :folders) compopt -o dirnames +o default 2>/dev/null; return ;;
      *) COMPREPLY+=("${line%%$'\t'*}") ;;
    esac
  done < <(stowage complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  [ ${#COMPREPLY[@]} -gt 0 ] || compopt +o default 2>/dev/null
}
complete -o default -F _stowage stowage
