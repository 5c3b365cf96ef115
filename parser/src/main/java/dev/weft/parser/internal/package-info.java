/** What the packages of the parser share with each other but do not export. */
package dev.weft.parser.internal;
