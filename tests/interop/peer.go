// peer.go is a client and a server of Go's crypto/tls, for test_go.py.
//
//	peer client ADDRESS ROOT VERSION TIMES [CERT KEY]
//	peer server CERT KEY VERSION [CLIENT-CA]
//
// The client asks for /hello.txt several times, each over a connection of its own, and prints a line a time:
// version, suite, whether the connection was resumed, and the answer. The server prints its address, then
// answers every request with such a line.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
)

func must(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func pool(file string) *x509.CertPool {
	pem, err := os.ReadFile(file)
	must(err)
	p := x509.NewCertPool()
	p.AppendCertsFromPEM(pem)
	return p
}

func configuration(version string) *tls.Config {
	v := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[version]
	return &tls.Config{MinVersion: v, MaxVersion: v}
}

func about(s tls.ConnectionState) string {
	client := "-"
	if len(s.PeerCertificates) > 0 {
		client = s.PeerCertificates[0].Subject.CommonName
	}
	return fmt.Sprintf("%x %s resumed=%v peer=%q", s.Version, tls.CipherSuiteName(s.CipherSuite), s.DidResume, client)
}

func visit(address string, c *tls.Config) {
	conn, err := tls.Dial("tcp", address, c)
	must(err)
	defer conn.Close()
	fmt.Fprintf(conn, "GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	must(err)
	body, err := io.ReadAll(response.Body)
	must(err)
	_, err = conn.Read(make([]byte, 1)) // the tickets come before close_notify
	if err != io.EOF {
		must(err)
	}
	fmt.Printf("%s %d %s", about(conn.ConnectionState()), response.StatusCode, body)
}

func client(args []string) {
	c := configuration(args[2])
	c.RootCAs, c.ServerName = pool(args[1]), "localhost"
	c.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	if len(args) > 4 {
		own, err := tls.LoadX509KeyPair(args[4], args[5])
		must(err)
		c.Certificates = []tls.Certificate{own}
	}
	times, err := strconv.Atoi(args[3])
	must(err)
	for ; times > 0; times-- {
		visit(args[0], c)
	}
}

func server(args []string) {
	own, err := tls.LoadX509KeyPair(args[0], args[1])
	must(err)
	c := configuration(args[2])
	c.Certificates, c.NextProtos = []tls.Certificate{own}, []string{"http/1.1"}
	if len(args) > 3 {
		c.ClientCAs, c.ClientAuth = pool(args[3]), tls.RequireAndVerifyClientCert
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", c)
	must(err)
	fmt.Println("listening on", listener.Addr())
	must(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, about(*r.TLS))
	})))
}

func main() {
	if os.Args[1] == "client" {
		client(os.Args[2:])
	} else {
		server(os.Args[2:])
	}
}
