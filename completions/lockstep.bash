# Completion of lockstep for bash. The words come from the command itself, so they are always its own.

_lockstep() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local program=${COMP_WORDS[0]} words
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        words=$("$program" --complete 2>/dev/null)
        [[ $current == -* ]] && words='--help --version'
    else
        case $previous in
        --cert | -E | --key | --session | --client-ca | --ech | --keylog | --trust | --intermediates | --crl | --crlfile | --ocsp | --ct-logs | --cacert | --output | -o | --cert-file | --key-file | --html | --pcapng)
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
            ;;
        --revocation)
            mapfile -t COMPREPLY < <(compgen -W 'soft leaf chain' -- "$current")
            return
            ;;
        --ct)
            mapfile -t COMPREPLY < <(compgen -W 'off report require' -- "$current")
            return
            ;;
        --purpose)
            mapfile -t COMPREPLY < <(compgen -W 'server client' -- "$current")
            return
            ;;
        --client-auth)
            mapfile -t COMPREPLY < <(compgen -W 'none request require' -- "$current")
            return
            ;;
        --kex)
            mapfile -t COMPREPLY < <(compgen -W 'ecdhe rsa' -- "$current")
            return
            ;;
        --fault)
            words=$("$program" walk --faults 2>/dev/null | cut -d" " -f1)
            mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
            return
            ;;
        --compare)
            mapfile -t COMPREPLY < <(compgen -W '1.3,1.2,rsa,resume,0rtt' -- "$current")
            return
            ;;
        --tls | --tls-min | --tls-max)
            mapfile -t COMPREPLY < <(compgen -W '1.2 1.3' -- "$current")
            return
            ;;
        --capath | --out-dir)
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -d -- "$current")
            return
            ;;
        esac
        if [[ $current == -* ]]; then
            words="$("$program" --complete "${COMP_WORDS[1]}" 2>/dev/null) --help"
        elif [[ ${COMP_WORDS[1]} == verify ]]; then
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
        elif [[ ${COMP_WORDS[1]} == serve ]]; then
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -d -- "$current")
            return
        elif [[ ${COMP_WORDS[1]} == ech ]]; then
            words='new show'
            case " ${COMP_WORDS[*]:2:COMP_CWORD-2} " in
            *' new '*) return ;;
            *' show '*)
                compopt -o filenames 2>/dev/null
                mapfile -t COMPREPLY < <(compgen -f -- "$current")
                return
                ;;
            esac
        elif [[ ${COMP_WORDS[1]} == ca && ! " ${COMP_WORDS[*]:2:COMP_CWORD-2} " =~ \ (init|issue|trust|untrust|list|env|path)\  ]]; then
            words='init issue trust untrust list env path'
        fi
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _lockstep lockstep
