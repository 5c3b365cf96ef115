package dev.weft.topics.json;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopicFilterTest {
    @ParameterizedTest
    @CsvSource({"room/*,room/1,true", "room/*,room/1/2,false", "room/*,room,false", "*,room,true", "*/1,room/1,true",
            "*/1,room/2,false", "room/#,room/1,true", "room/#,room/1/2/3,true", "room/#,room,false", "#,a/b/c,true",
            "a/*/c,a/b/c,true", "a/*/c,a/b/d,false", "a/*/#,a/b,false", "a/*/#,a/b/c,true", "room/1,room/1,true",
            "room/1,room/2,false", "room/1,room/1/2,false", "room/1/2,room/1,false"})
    void aFilterMustMatchAsOnTheServer(String filter, String topic, boolean matches) {
        assertEquals(matches, TopicFilter.matches(filter, topic));
    }

    @ParameterizedTest
    @CsvSource({"a,false", "a/*,true", "#,true", "a*/b,false", "a/#b,false"})
    void onlyAWholeLevelIsAWildcard(String filter, boolean wildcard) {
        assertEquals(wildcard, TopicFilter.hasWildcard(filter));
    }
}
