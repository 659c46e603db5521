# Completion of stowage for fish.
function __stowage_complete
  set -l words (commandline -opc)
  set -l word (commandline -ct)
  for line in (stowage complete -- $words[2..-1] "$word" 2>/dev/null)
    switch $line
      case :files
        __fish_complete_path "$word"
      case :folders
        __fish_complete_directories "$word" ''
      case '*'
        printf '%s\n' $line
    end
  end
end
complete -c stowage -f -a '(__stowage_complete)'
