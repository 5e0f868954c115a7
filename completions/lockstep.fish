# Completion of lockstep for fish. The words come from the command itself, so they are always its own.

function __lockstep_words
    set -l words (commandline -opc)
    if test (count $words) -eq 1
        lockstep --complete 2>/dev/null
        printf '%s\n' --help --version
        return
    end
    if string match -q -- '-*' (commandline -ct)
        lockstep --complete $words[2] 2>/dev/null
        echo --help
        return
    end
    switch "$words[-1]"
        case --revocation
            printf '%s\n' soft leaf chain
            return
        case --ct
            printf '%s\n' off report require
            return
        case --purpose
            printf '%s\n' server client
            return
        case --client-auth
            printf '%s\n' none request require
            return
        case --kex
            printf '%s\n' ecdhe rsa
            return
        case --fault
            lockstep walk --faults 2>/dev/null | string replace -r ' .*' ''
            return
        case --compare
            echo 1.3,1.2,rsa,resume,0rtt
            return
        case --tls --tls-min --tls-max
            printf '%s\n' 1.2 1.3
            return
    end
    if test "$words[2]" = verify
        __fish_complete_path (commandline -ct)
    else if test "$words[2]" = serve
        __fish_complete_directories (commandline -ct)
    else if test "$words[2]" = ech
        if contains -- show $words[3..-1]
            __fish_complete_path (commandline -ct)
        else if not contains -- new $words[3..-1]
            printf '%s\n' new show
        end
    else if test "$words[2]" = ca
        for action in init issue trust untrust list env path
            contains -- $action $words[3..-1]; and return
        end
        printf '%s\n' init issue trust untrust list env path
    end
end

function __lockstep_wants_file
    set -l words (commandline -opc)
    contains -- "$words[-1]" --cert -E --key --session --client-ca --ech --keylog --trust --intermediates --crl --crlfile --ocsp --ct-logs --cacert --output -o --cert-file --key-file --html --pcapng --capath --out-dir
end

complete -c lockstep -n 'not __lockstep_wants_file' -f -a '(__lockstep_words)'
complete -c lockstep -n __lockstep_wants_file -F
