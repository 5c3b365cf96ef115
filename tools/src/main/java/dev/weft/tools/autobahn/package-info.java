/** Runs the client as a subject of the Autobahn test suite. */
package dev.weft.tools.autobahn;
